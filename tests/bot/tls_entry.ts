/** Asks two servers at one address, of which one shows a certificate for another name; prints what came of it. */
import { systemClock } from "../../clients/clock.ts";
import { SocketClient } from "../../bot/telegram/socket_client.ts";

const client = new SocketClient(systemClock);
const outcomes: Record<string, string> = {};
for (const name of ["localhost", "elsewhere.example"]) {
  const read = (ending: string) =>
    Deno.readTextFile(new URL(`certificates/${name}.${ending}`, import.meta.url));
  const [cert, key] = [await read("pem"), await read("key")];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, cert, key, onListen() {} },
    () => new Response("taken"),
  );
  outcomes[name] = await client.fetch(`https://localhost:${server.addr.port}/bot7:token/getMe`)
    .then((answer) => answer.text(), (error) => String(error.message));
}
await new Blob([JSON.stringify(outcomes)]).stream().pipeTo(Deno.stdout.writable);
Deno.exit(0);
