// Package jobs has work done that is due at times: once in all servers of a database, tried again where it failed, and kept to be seen. The queue is River's, in the schema
// river; what there is to do is left to others.
package jobs

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"
)

// Schema is where the tables of the queue lie.
const Schema = "river"

// Job is work that is due at times.
type Job struct {
	Name  string
	Every time.Duration
	Do    func(ctx context.Context) error // what is due is found out by it; twice does no harm
}

// due is what the queue holds of a job: its name, and nothing of anybody.
type due struct {
	Job string `json:"job"`
}

// Kind implements river.JobArgs.
func (due) Kind() string { return "due" }

// How often a failed job is tried within its period (after 1, 16, 81 and 256 seconds), and how often queues are looked into: nothing here is in a hurry.
const (
	tries = 5
	look  = 10 * time.Second
	most  = 30 * time.Minute // that a job may take
)

// Queue has jobs done.
type Queue struct {
	Pool *pgxpool.Pool // as whose role all is done
	Jobs []Job
	Look time.Duration // how often the queue is looked into; 0: every ten seconds
	Log  *slog.Logger
}

type worker struct {
	river.WorkerDefaults[due]
	do  map[string]func(context.Context) error
	log *slog.Logger
}

// Work implements river.Worker.
func (w *worker) Work(ctx context.Context, job *river.Job[due]) error {
	do := w.do[job.Args.Job]
	if do == nil {
		return river.JobCancel(fmt.Errorf("this server knows no job %s", job.Args.Job))
	}
	if err := do(ctx); err != nil {
		if ctx.Err() == nil {
			w.log.WarnContext(ctx, "a job failed", "job", job.Args.Job, "try", job.Attempt, "of", job.MaxAttempts, "error", err)
		}
		return fmt.Errorf("job %s: see the log of the server", job.Args.Job) // what an error says is kept for weeks
	}
	return nil
}

// Timeout implements river.Worker.
func (w *worker) Timeout(*river.Job[due]) time.Duration { return most }

// Run has jobs done until ctx ends. Each is due now, and again after its period; of several servers one does it.
func (q Queue) Run(ctx context.Context) error {
	w := &worker{do: map[string]func(context.Context) error{}, log: q.Log}
	workers := river.NewWorkers()
	if err := river.AddWorkerSafely(workers, w); err != nil {
		return err
	}
	var periodic []*river.PeriodicJob
	for _, j := range q.Jobs {
		w.do[j.Name] = j.Do
		insert := func() (river.JobArgs, *river.InsertOpts) {
			return due{j.Name}, &river.InsertOpts{MaxAttempts: tries, UniqueOpts: river.UniqueOpts{ByArgs: true, ByPeriod: j.Every, ByState: []rivertype.JobState{
				rivertype.JobStateAvailable, rivertype.JobStateCompleted, rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled}}}
		}
		periodic = append(periodic, river.NewPeriodicJob(river.PeriodicInterval(j.Every), insert, &river.PeriodicJobOpts{ID: j.Name, RunOnStart: true}))
	}
	client, err := river.NewClient[pgx.Tx](riverpgxv5.New(q.Pool), &river.Config{
		Schema: Schema, Workers: workers, PeriodicJobs: periodic, Logger: q.Log, PollOnly: true, FetchPollInterval: cmp.Or(q.Look, look),
		Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 1}},
	})
	if err != nil {
		return err
	}
	if err := client.Start(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	<-ctx.Done()
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return client.StopAndCancel(stopping) // what it was about is tried again
}
