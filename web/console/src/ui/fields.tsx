import type { ReactNode } from "react";
import { FieldError, Input, Label, Text, TextArea, TextField } from "react-aria-components";

interface Props {
  label: string;
  value: string;
  onChange: (value: string) => void;
  /** The server's words about this field. */
  error?: string;
  help?: ReactNode;
  type?: "text" | "password";
  isLong?: boolean;
  isMono?: boolean;
  isDisabled?: boolean;
  isRequired?: boolean;
  placeholder?: string;
  /** In place of what Enter does in a form, which is to send it. */
  onEnter?: () => void;
}

/** A text with its label, its help and what the server says about it. */
export function Field({ label, value, onChange, error, help, type = "text", isLong, isMono, isDisabled, isRequired, placeholder, onEnter }: Props) {
  const style = isMono ? "react-aria-Input mono" : "react-aria-Input";
  return (
    <TextField
      value={value}
      onChange={onChange}
      onKeyDown={(event) => {
        // React Aria keeps a key from what is around otherwise, such as Esc from the dialog.
        if (event.key !== "Enter" || !onEnter) return event.continuePropagation();
        event.preventDefault();
        onEnter();
      }}
      type={type}
      isInvalid={Boolean(error)}
      isDisabled={isDisabled}
      isRequired={isRequired}
      validationBehavior="aria"
      autoComplete={type === "password" ? "new-password" : "off"}
    >
      <Label>{label}</Label>
      {isLong ? <TextArea spellCheck={false} placeholder={placeholder} /> : <Input className={style} spellCheck={false} placeholder={placeholder} />}
      {help && (
        <Text slot="description" className="help">
          {help}
        </Text>
      )}
      <FieldError>{error}</FieldError>
    </TextField>
  );
}
