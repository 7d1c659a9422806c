import assert from "node:assert/strict";
import { ANA, BEN, GROUP, openFixture, textOf } from "../approvals/fixture.ts";
import { clockAt } from "../approvals/policy_file.ts";
import { chatTest } from "./conversation.ts";

const ACME = "55115935b1a43dcc4a7b23c6";

Deno.test("/usage ec2 months= answers with the numbers, and below them with a picture of them", async () => {
  await using fixture = await openFixture({ clock: clockAt("2026-12-08T10:00:00Z") });
  const months = fixture.gravityzone.world.ec2.get(ACME)?.usage;
  months?.set("10/2026", { micro: 10, large: 1500 });
  await fixture.say(ANA, "/usage ec2 Acme Corp months=3");
  const [answer, photo] = fixture.telegram.answers(GROUP);
  assert.match(textOf(answer!), /EC2 hours in 3 months · Acme Corp/);
  assert.match(textOf(answer!), /10\/2026\s+1,510/);
  assert.match(textOf(answer!), /so far/);
  const [size] = photo?.photo ?? [];
  assert.ok(size, fixture.telegram.transcript(GROUP));
  assert.equal(size.width, 720, "twice as wide as a phone");
  assert.ok(size.file_size < 200_000, `${size.file_size} bytes`);
  assert.equal(photo?.reply_to_message?.message_id, answer?.message_id);
  const [call] = fixture.telegram.calls("sendPhoto");
  assert.equal(call?.parameters["disable_notification"], true);
});

chatTest("/usage ec2 months= asks once for each month, the oldest first", {}, [{
  said: "/usage ec2 Acme Corp months=2",
  asked: [
    "findCompaniesByName",
    "getHourlyUsageForAmazonEC2Instances",
    "getHourlyUsageForAmazonEC2Instances",
  ],
  answered: [/EC2 hours in 2 months/, /picture, 720 ×/],
}]);

chatTest("/usage ec2 takes month= or months=, and of months= 1 to 12", {}, [
  {
    said: "/usage ec2 Acme Corp months=6 month=11/2026",
    answered: { says: /month= asks for one month and months= for the last ones/, only: BEN },
  },
  ...["0", "13", "x", "1.5"].map((months) => ({
    said: `/usage ec2 Acme Corp months=${months}`,
    answered: { says: /months=/, only: BEN },
    audited: ["refused malformed_command"],
  })),
]);

chatTest("a picture that Telegram refuses is said to be missing, and the numbers stand", {}, [{
  happens: ({ telegram }) =>
    telegram.faults.push({ method: "sendPhoto", status: 400, description: "Bad Request: not enough rights" }),
  said: "/usage ec2 Acme Corp months=1",
  asked: ["findCompaniesByName", "getHourlyUsageForAmazonEC2Instances"],
  answered: [/EC2 hours in this month/, /The picture could not be sent.*says the same in words/s],
}]);
