import { makeStore } from "../store";

const KEY = "hookline:theme";
export type Theme = "system" | "light" | "dark";
export const THEMES: Theme[] = ["system", "light", "dark"];

function apply(theme: Theme): void {
  // light-dark() in the style sheet follows the scheme; nothing else is needed.
  document.documentElement.dataset.theme = theme;
}

const kept = localStorage.getItem(KEY) as Theme | null;
export const theme = makeStore<Theme>(kept && THEMES.includes(kept) ? kept : "system");
apply(theme.get());
theme.follow(() => {
  localStorage.setItem(KEY, theme.get());
  apply(theme.get());
});
