import { postgres, testOn } from "../approvals/database.ts";
import { raceForWayBack } from "./way_back.ts";

testOn(
  postgres,
  "three replicas that plan one way back at the same moment run it once",
  () => raceForWayBack(),
);
