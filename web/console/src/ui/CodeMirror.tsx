// The editor itself: a chunk of its own, which Editor.tsx loads.
import { useEffect, useRef } from "react";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { json, jsonParseLinter } from "@codemirror/lang-json";
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { linter, lintKeymap, setDiagnostics, type Diagnostic } from "@codemirror/lint";
import { Compartment, EditorState, type Extension } from "@codemirror/state";
import { EditorView, keymap, lineNumbers, placeholder as placeholderOf } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import type { EditorProps } from "./editorProps";
import { minijinja } from "./minijinja";

// Custom properties reach into a shadow root: the colours are those of the page, in light and in dark.
const theme = EditorView.theme({
  "&": { backgroundColor: "var(--back)", color: "var(--text)", fontSize: "12px", maxHeight: "360px" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "18px", overflow: "auto", minHeight: "96px" },
  ".cm-content": { caretColor: "var(--text)", padding: "6px 0" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-gutters": { backgroundColor: "var(--sunk)", color: "var(--faint)", borderRight: "1px solid var(--line)" },
  ".cm-placeholder": { color: "var(--faint)" },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": { backgroundColor: "var(--accent-back)", outline: "1px solid var(--strong-line)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--accent-back)" },
  ".cm-tooltip": { backgroundColor: "var(--raised)", color: "var(--text)", border: "1px solid var(--strong-line)" },
  ".cm-diagnostic": { fontFamily: "var(--mono)", padding: "4px 8px" },
});

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.variableName], color: "var(--accent)" },
  { tag: [tags.string], color: "var(--good)" },
  { tag: [tags.number, tags.bool, tags.null, tags.keyword], color: "var(--warn)" },
  { tag: [tags.comment], color: "var(--faint)" },
  { tag: [tags.bracket, tags.processingInstruction], color: "var(--text)", fontWeight: "600" },
]);

const languages: Record<EditorProps["language"], Extension[]> = {
  // An empty text is no JSON, and no mistake either: a field without a value.
  json: [json(), linter((view) => (view.state.doc.length ? jsonParseLinter()(view) : []), { delay: 300 })],
  minijinja: [minijinja],
  // Without colours: its grammar is 20 kB more.
  yaml: [],
};

// Ids do not reach into a shadow root: label, help and errors are attributes of the content.
const attributes = ({ label, error, help, isDisabled }: EditorProps) =>
  EditorView.contentAttributes.of({
    "aria-label": label,
    "aria-invalid": String(Boolean(error)),
    "aria-description": [error, help, "Tab leaves the editor."].filter(Boolean).join(" "),
    "aria-readonly": String(Boolean(isDisabled)),
    spellcheck: "false",
  });

// Chrome itself would join the lines of what is typed over, and keep their looks in style attributes, which the policy refuses.
const typedOver = EditorView.domEventHandlers({
  beforeinput(event, view) {
    if (event.inputType !== "insertText" || event.isComposing || view.state.selection.main.empty) return false;
    view.dispatch(view.state.replaceSelection(event.data ?? ""), { userEvent: "input.type", scrollIntoView: true });
    event.preventDefault();
    return true;
  },
});

const writable = ({ isDisabled }: EditorProps) => [EditorState.readOnly.of(Boolean(isDisabled)), EditorView.editable.of(!isDisabled)];

// As the server words the place of a mistake in the text itself; "(its line 3 …)" is one in what the text makes.
const PLACE = /\bin line (\d+)(?:, column (\d+))?/;

/** The mark of an error that names a line, and maybe a column, from 1. */
function marksOf(state: EditorState, error: string | undefined): Diagnostic[] {
  const [, line, column] = PLACE.exec(error ?? "") ?? [];
  if (!error || !line || Number(line) > state.doc.lines) return [];
  const at = state.doc.line(Number(line));
  const from = Math.min(at.from + Number(column ?? 1) - 1, at.to);
  return [{ from, to: Math.max(from, at.to), severity: "error", message: error }];
}

export default function CodeMirror(props: EditorProps) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const latest = useRef(props);
  latest.current = props;
  const parts = useRef({ attributes: new Compartment(), writable: new Compartment() });
  useEffect(() => {
    // In the document its style elements would break the policy; a shadow root adopts style sheets.
    const root = host.current!.shadowRoot ?? host.current!.attachShadow({ mode: "open" });
    const first = latest.current;
    const editor = new EditorView({
      parent: root,
      root,
      doc: first.value,
      extensions: [
        lineNumbers(),
        history(),
        indentOnInput(),
        bracketMatching(),
        EditorView.lineWrapping,
        // Tab is no key of the editor: it leaves, as in every field.
        keymap.of([...defaultKeymap, ...historyKeymap, ...lintKeymap]),
        syntaxHighlighting(colours),
        theme,
        typedOver,
        languages[first.language],
        placeholderOf(first.placeholder ?? ""),
        parts.current.attributes.of(attributes(first)),
        parts.current.writable.of(writable(first)),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) latest.current.onChange(update.state.doc.toString());
        }),
      ],
    });
    view.current = editor;
    return () => editor.destroy();
  }, [props.language]);
  const { value, label, error, help, isDisabled } = props;
  // JSON is parsed here as it is typed, and marked by that.
  const isLinted = props.language === "json";
  useEffect(() => {
    const editor = view.current!;
    // Only a text that did not come from here, such as after "Discard changes": the place of the cursor is lost by it.
    if (editor.state.doc.toString() !== value) editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: value } });
  }, [value]);
  useEffect(() => {
    const editor = view.current!;
    const { attributes: named, writable: open } = parts.current;
    editor.dispatch({ effects: [named.reconfigure(attributes(latest.current)), open.reconfigure(writable(latest.current))] });
    if (!isLinted) editor.dispatch(setDiagnostics(editor.state, marksOf(editor.state, error)));
  }, [label, error, help, isLinted, isDisabled]);
  // The form focuses the first field that was refused: of an editor it finds this element alone.
  const enter = () => host.current!.shadowRoot!.activeElement ?? view.current!.focus();
  return <div className="editor-host" ref={host} data-invalid={error ? true : undefined} tabIndex={-1} onFocus={enter} />;
}
