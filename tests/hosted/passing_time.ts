/** Loaded before the application: its clocks go by the simulated time. */
const file = Deno.env.get("SIMULATED_TIME") ?? "";

for (const [index, clock] of [Date, performance].entries()) {
  const real = clock.now.bind(clock);
  clock.now = () => real() + JSON.parse(Deno.readTextFileSync(file))[index];
}
