import { Checkbox } from "react-aria-components";

interface Props {
  isOn: boolean;
  onChange: (isOn: boolean) => void;
  isDisabled?: boolean;
  children: string;
}

export function Check({ isOn, onChange, isDisabled, children }: Props) {
  return (
    <Checkbox className="checkbox" isSelected={isOn} onChange={onChange} isDisabled={isDisabled}>
      <span className="box" aria-hidden="true" />
      {children}
    </Checkbox>
  );
}
