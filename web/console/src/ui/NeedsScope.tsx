import { Title } from "./Title";

/** A page that the token may not read, in place of what it would show. */
export function NeedsScope({ title, scope }: { title: string; scope: string }) {
  return (
    <main id="main">
      <Title>{title}</Title>
      <LacksScope scope={scope} />
    </main>
  );
}

/** In place of a page or a tab that a link leads to. */
export function LacksScope({ scope }: { scope: string }) {
  return (
    <p className="empty">
      This needs the scope <code>{scope}</code>, which your token lacks. Sign in with one that has it.
    </p>
  );
}
