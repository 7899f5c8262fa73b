interface Props {
  label: string;
  value: string;
  onChange: (value: string) => void;
  options: readonly (readonly [value: string, text: string])[];
  /** Whether the label stands beside it; otherwise readers of the screen alone get it. */
  isLabelShown?: boolean;
}

/** The browser's own select: it works on every device, and weighs nothing. */
export function Select({ label, value, onChange, options, isLabelShown = false }: Props) {
  return (
    <label className="select">
      <span className={isLabelShown ? "" : "hidden"}>{label}</span>
      <select value={value} onChange={(event) => onChange(event.target.value)}>
        {options.map(([name, text]) => (
          <option key={name} value={name}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
