import assert from "node:assert/strict";
import { builtins } from "../../bot/commands/builtins.ts";
import { headOf } from "../../bot/parser/command.ts";
import { CHIDI, underPolicy, WHOLE, writePolicy } from "../approvals/policy_file.ts";
import { type ConversationOptions, openConversation } from "../sandbox/conversation.ts";
import { playScript, readScript } from "../sandbox/script.ts";
import { ANA, OSKAR } from "../sandbox/stage.ts";

async function play(script: string, options: ConversationOptions = {}): Promise<void> {
  await using conversation = await openConversation(options);
  await playScript(readScript(script), conversation, () => Promise.resolve());
}

Deno.test("none of the bot's own commands, typed bare, answers with words to be completed", async (t) => {
  await using conversation = await openConversation();
  for (const command of builtins) {
    await t.step(headOf(command), async () => {
      const shown = await conversation.say(ANA, headOf(command));
      assert(shown.length > 0, "no answer");
      const gap = shown.flatMap(({ text }) => text.match(/\/\w+[^\n]*<[\w ]+>/) ?? []);
      if (command.verb !== "help") assert.deepEqual(gap, []);
    });
  }
});

Deno.test("a target is held without a word of the command being known", () =>
  play(`
    Ana: /hold
    > Nothing is held
    Ana presses Hold a target
    > Which target?
    Ana presses ncentral
    > [ 🟢 N-central EU · #1 ]
    Ana presses N-central EU
    > N-central EU · #1
    > [ 1h ] [ 2h ]
    Ana presses 1h
    > Type the reason in reply
    Ana replies: moving the probe
    > Held: ncentral N-central EU by Ana (…101): moving the probe
    Ana: /hold ec2 Acme Corp 2h moving the role
    > Hold ec2 Acme Corp for 2h?
    Ana presses Hold it for 2h
    > Held: ec2 Acme Corp by Ana (…101): moving the role
    Ana: /hold Globex for=45m moving
    > Which target?
    Ana presses ec2
    > Held: ec2 Globex by Ana (…101): moving
    Ana: /hold ec2 Initech
    > for how long?
    Ana replies: 90m
    > Type the reason in reply
    Ana replies: testing
    > Held: ec2 Initech
  `));

Deno.test("changes are frozen, of all or of one target, by pressing and one reason", () =>
  play(`
    Ana: /freeze
    > Nothing is frozen
    Ana presses Freeze one target
    > Which target?
    Ana presses ec2
    > Type the reason in reply
    Ana replies: audit by the vendor
    > Frozen: ec2 by Ana (…101): audit by the vendor · until lifted
    Ana: /freeze 2h
    > Freeze for 2h? Nothing was frozen.
    Ana presses Freeze for 2h
    > Type the reason in reply
    Ana replies: incident 4711
    > Frozen: everything by Ana (…101): incident 4711
    Ana: /freeze off
    > Do you want to lift a freeze?
    Ana presses Lift it
    > Changes are allowed again
  `));

Deno.test("a read is scheduled and ended, and quiet hours are set, by pressing", () =>
  play(`
    Ana: /every
    > No read comes into this chat by itself
    Ana presses Add one
    > /every 08:00 mon-fri /status
    Ana replies: 08:00 daily /status
    > Daily at 08:00 (UTC): /status
    Ana: /every 09:00
    > which one?
    Ana presses /status halo
    > Daily at 09:00 (UTC): /status halo
    Ana: /every
    > 2 reads come into this chat by themselves
    Ana presses Stop 1
    > Number 1 is stopped: /status
    Ana: /quiet
    > [ 22:00-07:00 ]
    Ana replies: 21:00-05:00
    > Quiet 21:00-05:00 (UTC)
    Ana: /quiet
    > which one?
    Ana presses off
    > No quiet hours
  `));

Deno.test("/unalias offers one's own words, and takes the only one", () =>
  play(`
    Ana: /alias off disable sophos
    > /off stands for /disable sophos
    Ana: /alias out disable ncentral
    > /out stands for
    Ana: /unalias
    > [ off ]
    Ana presses out
    > /out is taken away
    Ana: /unalias
    > /off is taken away
    Ana: /unalias
    > There is nothing to choose from
  `));

Deno.test("/settle offers what is unknown, then the two words, then asks for the note", () =>
  play(`
    Ben: /settle
    > There is nothing to choose from
    GravityZone breaks down at the next change
    Ana: /disable ec2 Globex reason=off-boarding
    Ben presses Approve
    > Unknown: Disable the EC2 integration of Globex
    GravityZone breaks down at the next change
    GravityZone answers again
    Ben: /settle
    > <code> · Globex
    > [ applied ] [ not ]
    Ben presses applied
    > Type the note in reply
    Ben replies: seen in the console
    > Applied, said by Ben
  `));

Deno.test("/pass, /emergency and /reviewed offer the changes that they can be about", async () => {
  const path = await writePolicy(WHOLE.replace(`= ${CHIDI}`, `= ${OSKAR}`));
  await play(
    `
    Ana: /disable ec2 Acme Corp reason=off-boarding
    > Disable the EC2 integration of Acme Corp?
    Ana: /emergency
    > There is nothing to choose from
    Ana: /disable ec2 Globex reason=off-boarding
    > Disable the EC2 integration of Globex?
    Ben: /pass
    > · Acme Corp ]
    Ben presses Globex
    > only Ben sees: Handed over to Chidi
    Oskar: /emergency
    > · Acme Corp ]
    Oskar presses Globex
    > Type the reason in reply
    Oskar replies: the site is down
    > Emergency
    Ben: /reviewed
    > <code> · Globex
    > Type the note in reply
    Ben replies: it was needed
    > Looked into
  `,
    { environment: underPolicy(path) },
  );
  await Deno.remove(path);
});
