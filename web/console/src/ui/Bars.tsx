interface Bucket {
  start: string;
  attempts: number;
  failures: number;
}

const WIDTH = 96;
const HEIGHT = 20;

/** Attempts over time: a bar an hour, failures hatched, and the share that succeeded in figures. */
export function Bars({ buckets, label }: { buckets: readonly Bucket[]; label: string }) {
  const attempts = buckets.reduce((sum, bucket) => sum + bucket.attempts, 0);
  const failures = buckets.reduce((sum, bucket) => sum + bucket.failures, 0);
  if (!attempts) return <span className="faint">none</span>;
  const most = Math.max(...buckets.map((bucket) => bucket.attempts));
  const step = WIDTH / buckets.length;
  const heightOf = (count: number) => (count ? Math.max(1.5, (count / most) * HEIGHT) : 0);
  return (
    <span className="bars">
      <svg role="img" aria-label={`${label}: ${attempts}, ${failures} failed`} viewBox={`0 0 ${WIDTH} ${HEIGHT}`}>
        {buckets.map((bucket, at) => {
          const failed = heightOf(bucket.failures);
          const good = bucket.attempts > bucket.failures ? Math.max(heightOf(bucket.attempts) - failed, 1) : 0;
          return (
            <g key={bucket.start} transform={`translate(${at * step} 0)`}>
              <rect className="bar good" width={step - 1} y={HEIGHT - good} height={good} />
              <rect className="bar bad" width={step - 1} y={HEIGHT - good - failed} height={failed} />
            </g>
          );
        })}
      </svg>
      <span className="figure">{share(attempts - failures, attempts)}</span>
    </span>
  );
}

/** A share in per cent; only all is 100, only none is 0. */
export function share(part: number, whole: number): string {
  const percent = (part / whole) * 100;
  if (percent > 99 && percent < 100) return `${(Math.floor(percent * 10) / 10).toFixed(1)} %`;
  return `${percent > 0 && percent < 1 ? "<1" : Math.round(percent)} %`;
}
