import { postgres, testOn } from "../approvals/database.ts";
import { voteAtOnce } from "./votes.ts";

testOn(
  postgres,
  "of 50 votes at once on three replicas as many count as it needs, and it runs once",
  () => voteAtOnce(postgres, 3),
);
