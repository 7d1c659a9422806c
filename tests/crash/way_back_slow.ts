import { postgres, testOn } from "../approvals/database.ts";
import { raceForWayBack } from "./way_back.ts";

for (const at of ["audit return_planned", "audit claim", "audit apply"]) {
  for (const when of ["before", "after"] as const) {
    testOn(postgres, `a way back that one of three replicas dies at runs once: ${when} ${at}`, async () => {
      await raceForWayBack({ at, when });
    });
  }
}
