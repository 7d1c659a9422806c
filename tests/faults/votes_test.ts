import { lasting, testOn } from "../approvals/database.ts";
import { voteAtOnce } from "./votes.ts";

// Three processes on Postgres wait for each other a good while: see `votes_slow.ts`.
const [sqlite] = lasting;
if (sqlite) {
  testOn(
    sqlite,
    "of 50 votes at once on two processes as many count as it needs, and it runs once",
    () => voteAtOnce(sqlite, 2),
  );
}
