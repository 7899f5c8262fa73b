import { lazy, Suspense } from "react";

export interface EditorProps {
  /** Names the editor; readers of the screen hear it inside, too. */
  label: string;
  value: string;
  onChange: (value: string) => void;
  language: "json" | "minijinja" | "yaml";
  /** The server's words about the text: where they say "in line 3, column 7" that place is marked. */
  error?: string;
  help?: string;
  placeholder?: string;
  isDisabled?: boolean;
}

const CodeMirror = lazy(() => import("./CodeMirror"));

/** A text with numbered lines, colours and marks, and a label, help and error as `Field` has them. */
export function Editor(props: EditorProps) {
  const { label, error, help } = props;
  return (
    <div className="field editor">
      <span className="label" aria-hidden="true">
        {label}
      </span>
      <Suspense fallback={<div className="editor-host" role="status" aria-label={`Loading ${label}`} />}>
        <CodeMirror {...props} />
      </Suspense>
      {help && <span className="help">{help}</span>}
      {error && <span className="field-error">{error}</span>}
    </div>
  );
}
