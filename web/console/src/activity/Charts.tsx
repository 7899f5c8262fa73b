import type { ReactNode } from "react";
import { share } from "../ui/Bars";
import { go, usePlace, withSearch } from "../ui/location";
import { Select } from "../ui/Select";
import { Table } from "../ui/Table";
import { absolute, duration } from "../ui/times";
import { Skeleton, Trouble } from "../ui/Trouble";
import { type Bucket, HEIGHT, lineOf, RANGES, roundedUp, stackOf, WIDTH } from "./chart";
import { useStats } from "./useStats";

/** Attempts by outcome and their durations over time, whatever the filters of the log are. newest: the attempt that came last. */
export function Charts({ webhookId, newest }: { webhookId: string | null; newest: string | undefined }) {
  const { search } = usePlace();
  const range = search.get("chart") ?? "24h";
  const { buckets, problem, read } = useStats(webhookId, range, newest);
  return (
    <section aria-label="Charts">
      <div className="filters">
        <Select
          label="Charts of the last"
          isLabelShown
          value={range}
          onChange={(value) => go(withSearch({ chart: value === "24h" ? null : value }), { isReplaced: true })}
          options={RANGES}
        />
        <span className="faint">all environments, without the filters below</span>
      </div>
      {problem && <Trouble problem={problem} retry={read} />}
      {!buckets && !problem && <Skeleton rows={3} />}
      {buckets?.length === 0 && <p className="empty">There are no figures of this time. Is the clock of this device right?</p>}
      {buckets && buckets.length > 0 && (
        <div className="charts">
          <Outcomes buckets={buckets} />
          <Durations buckets={buckets} />
        </div>
      )}
    </section>
  );
}

interface ChartProps {
  title: string;
  summary: string;
  top: string;
  buckets: readonly Bucket[];
  legend: ReactNode;
  columns: readonly string[];
  cells: (bucket: Bucket) => readonly string[];
  children: ReactNode;
}

/** A drawing with its legend and axis, and the same as a table. */
function Chart({ title, summary, top, buckets, legend, columns, cells, children }: ChartProps) {
  return (
    <figure className="chart">
      <figcaption>
        <strong>{title}</strong> {legend}
      </figcaption>
      <div className="axis" aria-hidden="true">
        <span>{top}</span>
      </div>
      <svg role="img" aria-label={`${title}: ${summary}`} viewBox={`0 0 ${WIDTH} ${HEIGHT}`}>
        {children}
      </svg>
      <div className="axis" aria-hidden="true">
        <span>{absolute(buckets[0]?.start ?? "", false)}</span>
        <span>now</span>
      </div>
      <details>
        <summary>View as table</summary>
        <Table label={`${title} over time`} columns={["From", ...columns]}>
          {buckets.filter(({ attempts }) => attempts > 0).map((bucket) => (
            <tr key={bucket.start}>
              <td className="plain">{absolute(bucket.start, false)}</td>
              {cells(bucket).map((text, at) => (
                <td key={columns[at]} className="figure">
                  {text}
                </td>
              ))}
            </tr>
          ))}
        </Table>
        {!buckets.some(({ attempts }) => attempts > 0) && <p className="faint">Nothing was sent in this time.</p>}
      </details>
    </figure>
  );
}

function Outcomes({ buckets }: { buckets: readonly Bucket[] }) {
  const attempts = buckets.reduce((sum, bucket) => sum + bucket.attempts, 0);
  const failures = buckets.reduce((sum, bucket) => sum + bucket.failures, 0);
  const most = roundedUp(Math.max(...buckets.map((bucket) => bucket.attempts)));
  const step = WIDTH / buckets.length;
  return (
    <Chart
      title="Attempts"
      summary={`${attempts} attempts, ${failures} failed`}
      top={most.toLocaleString()}
      buckets={buckets}
      columns={["Succeeded", "Failed", "Success"]}
      cells={(bucket) => [
        (bucket.attempts - bucket.failures).toLocaleString(),
        bucket.failures.toLocaleString(),
        share(bucket.attempts - bucket.failures, bucket.attempts),
      ]}
      legend={
        <>
          <Swatch name="bar good" text={`${(attempts - failures).toLocaleString()} succeeded`} />
          <Swatch name="bar bad" text={`${failures.toLocaleString()} failed`} />
        </>
      }
    >
      {buckets.map((bucket, at) => {
        const { good, bad } = stackOf(bucket, most);
        return (
          <g key={bucket.start} transform={`translate(${at * step} 0)`}>
            <title>{`${absolute(bucket.start, false)}: ${bucket.attempts} attempts, ${bucket.failures} failed`}</title>
            <rect className="bar good" width={step * 0.85} y={HEIGHT - good} height={good} />
            <rect className="bar bad" width={step * 0.85} y={HEIGHT - good - bad} height={bad} />
          </g>
        );
      })}
    </Chart>
  );
}

function Durations({ buckets }: { buckets: readonly Bucket[] }) {
  const most = roundedUp(Math.max(...buckets.map(({ p95Ms }) => p95Ms ?? 0)));
  const slowest = Math.max(0, ...buckets.map(({ p95Ms }) => p95Ms ?? 0));
  return (
    <Chart
      title="Duration"
      summary={slowest ? `highest p95 ${duration(slowest)}` : "nothing was sent"}
      top={duration(most)}
      buckets={buckets}
      columns={["p50", "p95"]}
      cells={({ p50Ms, p95Ms }) => [duration(p50Ms), duration(p95Ms)]}
      legend={
        <>
          <Swatch name="line" text="p50" />
          <Swatch name="line dashed" text="p95" />
        </>
      }
    >
      <path className="line" d={lineOf(buckets.map(({ p50Ms }) => p50Ms), most)} />
      <path className="line dashed" d={lineOf(buckets.map(({ p95Ms }) => p95Ms), most)} />
    </Chart>
  );
}

/** What a mark of the drawing means: by form, not by colour alone. */
function Swatch({ name, text }: { name: string; text: string }) {
  return (
    <span className="swatch">
      <svg viewBox="0 0 16 10" aria-hidden="true">
        {name.startsWith("line") ? <path className={name} d="M0 5h16" /> : <rect className={name} width="16" height="10" />}
      </svg>
      {text}
    </span>
  );
}
