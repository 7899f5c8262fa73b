import { lazy, Suspense } from "react";
import type { EditorProps } from "./editorProps";

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
