import { type Picture, rewordPicture } from "../../handlers/reply.ts";
import { chartOf, FONT, WIDTH } from "./charts.ts";
import { Typeface } from "./typeface.ts";

/** Dots for each point of a phone. */
const SHARPNESS = 2;

interface Tools {
  readonly typeface: Typeface;
  svgOf(picture: Picture): Promise<string>;
  pngOf(svg: string): Uint8Array;
}

let tools: Promise<Tools> | undefined;

/** A picture as PNG, twice as wide as a phone. What draws is loaded the first time; it needs no permission. */
export async function draw(picture: Picture): Promise<Uint8Array> {
  tools ??= load().catch((error) => {
    tools = undefined;
    throw error;
  });
  const { typeface, svgOf, pngOf } = await tools;
  return pngOf(await svgOf(rewordPicture(picture, (words) => typeface.spell(words))));
}

async function load(): Promise<Tools> {
  const [vega, { compile }, { initWasm, Resvg }, { default: wasm }, { default: font }] = await Promise.all([
    import("vega"),
    import("vega-lite"),
    import("@resvg/resvg-wasm"),
    import("@resvg/resvg-wasm/index_bg.wasm", { with: { type: "bytes" } }),
    import("dejavu-fonts-ttf/ttf/DejaVuSansCondensed.ttf", { with: { type: "bytes" } }),
  ]);
  await initWasm(wasm);
  const typeface = new Typeface(font);
  // Without a canvas it would have to guess, and lay the picture out by the guess.
  measuring(vega).width = ({ fontSize }, text) =>
    typeface.widthOf(String(text ?? ""), fontSize ?? USUAL_SIZE);
  return {
    typeface,
    svgOf: (picture) =>
      new vega.View(vega.parse(compile(chartOf(picture)).spec), { renderer: "none" }).toSVG(),
    pngOf(svg) {
      const drawing = new Resvg(svg, {
        font: { fontBuffers: [font], defaultFontFamily: FONT, loadSystemFonts: false },
        fitTo: { mode: "width", value: SHARPNESS * WIDTH },
      });
      try {
        return drawing.render().asPng();
      } finally {
        drawing.free();
      }
    },
  };
}

const USUAL_SIZE = 11;

interface Measuring {
  width(item: { readonly fontSize?: number }, text: unknown): number;
}

/** What Vega measures words with: its types do not know that it may be replaced. */
function measuring(vega: object): Measuring {
  return (vega as { textMetrics: Measuring }).textMetrics;
}
