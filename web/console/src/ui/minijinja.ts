import { StreamLanguage } from "@codemirror/language";

interface State {
  /** The text that ends the present placeholder, block or comment. */
  end: string | null;
}

const KEYWORDS = /^(?:and|or|not|in|is|if|elif|else|endif|for|endfor|set|endset|macro|endmacro|call|endcall|filter|endfilter|with|endwith|true|false|none|recursive)\b/;
const ENDS: Record<string, string> = { "{{": "}}", "{%": "%}", "{#": "#}" };

/** Templates of minijinja: what is between the braces is coloured, the text around it is left as it is. */
export const minijinja = StreamLanguage.define<State>({
  name: "minijinja",
  startState: () => ({ end: null }),
  token(stream, state) {
    if (!state.end) {
      const begin = stream.match(/^\{[{%#]-?/) as RegExpMatchArray | null;
      if (begin) state.end = ENDS[begin[0].slice(0, 2)]!;
      else if (stream.next()) stream.eatWhile(/[^{]/);
      return begin ? (state.end === "#}" ? "comment" : "processingInstruction") : null;
    }
    if (stream.match(new RegExp(`^-?${state.end}`))) {
      const isComment = state.end === "#}";
      state.end = null;
      return isComment ? "comment" : "processingInstruction";
    }
    if (state.end === "#}") {
      stream.next();
      return "comment";
    }
    if (stream.eatSpace()) return null;
    if (stream.match(/^"(?:[^"\\]|\\.)*"?/) || stream.match(/^'(?:[^'\\]|\\.)*'?/)) return "string";
    if (stream.match(/^\d+(?:\.\d+)?/)) return "number";
    if (stream.match(KEYWORDS)) return "keyword";
    if (stream.match(/^\w+/)) return "variableName";
    stream.next();
    return null;
  },
});
