import type { Mark } from "../../handlers/reply.ts";

/** What a mark looks like, and the word that is said where a title has none. */
export const MARKS: Readonly<Record<Mark, { readonly emoji: string; readonly word: string }>> = {
  fine: { emoji: "🟢", word: "Fine" },
  attention: { emoji: "🟡", word: "Attention" },
  down: { emoji: "🔴", word: "Down" },
  absent: { emoji: "⚪", word: "Not set up" },
  working: { emoji: "⏳", word: "Working" },
  applied: { emoji: "✅", word: "Applied" },
  refused: { emoji: "⛔", word: "Refused" },
  unknown: { emoji: "❔", word: "Unknown" },
  danger: { emoji: "⚠️", word: "Danger" },
  question: { emoji: "🟡", word: "Question" },
  info: { emoji: "ℹ️", word: "Info" },
};
