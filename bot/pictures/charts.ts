import type { TopLevelSpec } from "vega-lite";
import type { MonthsPicture, Picture, StatesPicture } from "../../handlers/reply.ts";

/** Of a phone in the hand, in its own points: what is drawn for it is read without being opened. */
export const WIDTH = 360;
export const FONT = "DejaVu Sans Condensed";

const PAPER = "#ffffff";
const INK = "#1b1f24";
const FAINT = "#5b6470";
const LINES = "#d8dce1";

type State = StatesPicture["rows"][number]["spans"][number]["state"];

interface Look {
  readonly state: State;
  /** Of the height of a row: whoever sees no colours sees how bad it is by how thick it is. */
  readonly thickness: number;
  readonly fill: string;
  readonly hollow?: true;
}

/** From the healthy to the broken; told apart by their thickness, in black and white too. */
const LOOKS: readonly Look[] = [
  { state: "fine", thickness: 0.22, fill: "#2a8a4a" },
  { state: "attention", thickness: 0.5, fill: "#d99000" },
  { state: "down", thickness: 0.86, fill: "#c42b2b" },
  { state: "unknown", thickness: 0.5, fill: "#6b7480", hollow: true },
  { state: "off", thickness: 0.08, fill: "#6b7480" },
];

const ROW = 18;
const NAMES = 122;
const VALUES = 52;
const MARGIN = 8;
const TEXT = 11;

/** The chart of a picture, whose words are in letters that the font has. */
export function chartOf(picture: Picture): TopLevelSpec {
  return picture.kind === "states" ? statesChart(picture) : monthsChart(picture);
}

const COMMON = {
  background: PAPER,
  padding: MARGIN,
  config: {
    font: FONT,
    view: { stroke: null },
    axis: {
      domain: false,
      ticks: false,
      grid: false,
      title: null,
      labelColor: INK,
      labelFontSize: TEXT,
      labelPadding: 4,
    },
    title: { anchor: "start", frame: "bounds", color: INK, fontSize: 13, offset: 8 },
    text: { color: INK, fontSize: TEXT },
  },
} as const;

/** A row for each thing, a bar for each time in which it was in one state; where nothing is, nobody looked. */
function statesChart({ title, rows, from, until, ticks, footer }: StatesPicture): TopLevelSpec {
  const width = WIDTH - 2 * MARGIN - NAMES - VALUES;
  const spans = rows.flatMap(({ spans }, row) => spans.map((span) => ({ ...span, row })));
  const rowScale = {
    field: "row",
    type: "ordinal",
    scale: { domain: rows.map((_, row) => row), paddingInner: 0, paddingOuter: 0 },
  } as const;
  const labels = Object.fromEntries(ticks.map(({ at, label }) => [at, label]));
  const timeAxis = {
    values: ticks.map(({ at }) => at),
    labelExpr: `${JSON.stringify(labels)}[datum.value]`,
    grid: true,
    gridColor: LINES,
    labelColor: FAINT,
    labelFontSize: 10,
  };
  return {
    ...COMMON,
    title: { text: title, offset: 10 },
    spacing: 6,
    vconcat: [{
      width,
      height: rows.length * ROW,
      layer: [
        ...LOOKS.map((look) => ({
          data: { values: spans.filter(({ state }) => state === look.state) },
          mark: barOf(look, ROW),
          encoding: {
            x: {
              field: "from",
              type: "quantitative" as const,
              scale: { domain: [from, until], nice: false, zero: false },
              axis: timeAxis,
            },
            x2: { field: "until" },
            y: {
              ...rowScale,
              axis: {
                labelExpr: `${JSON.stringify(rows.map(({ name }) => name))}[datum.value]`,
                labelLimit: NAMES - 8,
                labelAlign: "left" as const,
                labelPadding: NAMES,
                minExtent: NAMES,
                maxExtent: NAMES,
              },
            },
          },
        })),
        {
          data: { values: rows.map(({ value }, row) => ({ value, row })) },
          mark: { type: "text", align: "right", x: width + VALUES },
          encoding: { y: rowScale, text: { field: "value" } },
        },
      ],
    }, legend(footer)],
  };
}

function barOf({ thickness, fill, hollow }: Look, height: number) {
  return {
    type: "bar" as const,
    height: thickness * height,
    ...(hollow ? { fill: PAPER, stroke: fill, strokeWidth: 1, strokeDash: [2, 2] } : { fill }),
    minBandSize: 1,
  };
}

/** What each thickness means, and below it the footer. */
function legend(footer: string) {
  const step = (WIDTH - 2 * MARGIN) / LOOKS.length;
  const at = (index: number) => index * step - NAMES;
  return {
    width: WIDTH - 2 * MARGIN - NAMES - VALUES,
    height: 30,
    data: { values: [{}] },
    layer: [
      ...LOOKS.flatMap((look, index) => [{
        mark: { ...barOf(look, 14), x: at(index), x2: at(index) + 12, y: 6, height: look.thickness * 14 },
      }, {
        mark: {
          type: "text" as const,
          x: at(index) + 16,
          y: 6,
          align: "left" as const,
          text: look.state,
          color: FAINT,
          fontSize: 10,
        },
      }]),
      {
        mark: {
          type: "text" as const,
          x: -NAMES,
          y: 24,
          align: "left" as const,
          text: footer,
          color: FAINT,
          fontSize: 10,
        },
      },
    ],
  };
}

const BARS = 56;

/** A small chart for each row, under its own name and each to its own scale. */
function monthsChart({ title, months, rows, footer }: MonthsPicture): TopLevelSpec {
  const width = WIDTH - 2 * MARGIN;
  const fewest = 6;
  const slots = Math.max(months.length, fewest);
  const x = {
    field: "month",
    type: "ordinal",
    sort: null,
    scale: { domain: Array.from({ length: slots }, (_, index) => index), paddingInner: 0.25 },
  } as const;
  const last = rows.length - 1;
  return {
    ...COMMON,
    title: { text: title, offset: 10 },
    spacing: 8,
    vconcat: rows.map(({ name, values }, index) => {
      const most = Math.max(1, ...values.map((value) => value ?? 0));
      return {
        width,
        height: BARS,
        title: { text: name, fontSize: TEXT, fontWeight: "bold", offset: 4 },
        data: {
          values: values.map((value, month) => ({
            month,
            value: value ?? 0,
            label: value === null ? "?" : short(value),
          })),
        },
        encoding: {
          x: {
            ...x,
            axis: index < last ? null : {
              labelAngle: 0,
              labelExpr: `${JSON.stringify(months)}[datum.value] || ''`,
              labelColor: FAINT,
              labelFontSize: 10,
              title: footer,
              titleColor: FAINT,
              titleFontSize: 10,
              titleFontWeight: "normal" as const,
              titleAnchor: "start" as const,
            },
          },
          y: {
            field: "value",
            type: "quantitative" as const,
            scale: { domain: [0, most * 1.35] },
            axis: null,
          },
        },
        layer: [
          { mark: { type: "bar" as const, fill: "#2f6db3" } },
          {
            mark: { type: "text" as const, baseline: "bottom" as const, dy: -2, fontSize: 10 },
            encoding: { text: { field: "label" } },
          },
        ],
      };
    }),
  };
}

const SHORT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

function short(value: number): string {
  return SHORT.format(value);
}
