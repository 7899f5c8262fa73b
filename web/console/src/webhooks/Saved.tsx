/** A word beside Save once it was done, which a screen reader says too. */
export function Saved({ is }: { is: boolean }) {
  return (
    <span role="status" className="faint">
      {is ? "Saved" : ""}
    </span>
  );
}
