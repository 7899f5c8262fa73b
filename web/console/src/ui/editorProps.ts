// What both halves of the editor take: Editor.tsx, and CodeMirror.tsx, which that loads.
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
