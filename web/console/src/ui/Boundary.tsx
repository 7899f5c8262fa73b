import { Component, type ReactNode } from "react";
import { Button } from "react-aria-components";
import { Title } from "./Title";
import { visible } from "./times";

interface State {
  error: Error | null;
}

/** Holds a page that fails by itself, so that the rest stays. A part that can't be loaded is that of a server of another version, or of one that is away. */
export class Boundary extends Component<{ children: ReactNode }, State> {
  override state: State = { error: null };

  static getDerivedStateFromError(error: unknown): State {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (!error) return this.props.children;
    const isMissing = /import|module|preload/i.test(error.message);
    return (
      <main id="main">
        <Title>This page can't be shown</Title>
        <div className="trouble" role="alert">
          <p>
            {isMissing
              ? "A part of it could not be loaded: the server is away, or has another version since this tab was opened."
              : `It failed by itself, which is a fault of the console: ${visible(error.message)}`}
          </p>
          <Button className="button" onPress={() => location.reload()}>
            Load again
          </Button>
        </div>
      </main>
    );
  }
}
