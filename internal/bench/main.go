// Command bench measures wangge beside others on the same data in one run: what answers a constant, what asks PostGIS, tegola, an
// older version. It makes its own town in a database of its own, starts every contestant in a process of its own on
// 127.0.0.1, and ends what it started. It reads wangge through HTTP alone, so that any version can be measured; only the
// publications of soak and publish go through the services.
//
//	go run ./internal/bench            # the comparison, written to docs/benchmarks.md: make bench
//	go run ./internal/bench publish    # how soon a publication is in force in three servers
//	go run ./internal/bench soak       # mixed load with a publication every second, every answer checked: make soak
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// options are what can be typed.
type options struct {
	wangge   string // the binary
	base     string // an older commit to measure beside it; "": none
	size     string // of the demo town
	keep     string // folder that keeps the town for the next run; "": it is removed in the end
	made     bool   // by make bench, and the text says so
	write    string // file whose part between the markers is written anew; "": print only
	only     string // contests whose names hold this
	rounds   int
	seconds  int
	times    int           // publications
	duration time.Duration // of soak
	grace    time.Duration // that a publication may take until a server shows it
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	mode := "compare"
	if len(args) > 0 && args[0] != "" && args[0][0] != '-' {
		mode, args = args[0], args[1:]
	}
	if mode == contestantMode {
		return contestant(ctx, args, out)
	}
	var o options
	f := flag.NewFlagSet(mode, flag.ContinueOnError)
	f.StringVar(&o.wangge, "wangge", "./wangge", "the program to measure")
	f.StringVar(&o.base, "base", "", "a commit whose version is measured beside it")
	f.StringVar(&o.size, "size", "city", "demo town: community, district or city")
	f.StringVar(&o.keep, "keep", "", "folder that keeps the town for the next run")
	f.StringVar(&o.write, "write", "", "file whose part between the markers is written anew")
	f.StringVar(&o.only, "only", "", "run the contests whose names hold this")
	f.IntVar(&o.rounds, "rounds", 5, "rounds of each contest")
	f.IntVar(&o.seconds, "seconds", 3, "seconds of each run")
	f.IntVar(&o.times, "times", 200, "publications")
	f.DurationVar(&o.duration, "duration", 10*time.Minute, "how long soak lasts")
	f.DurationVar(&o.grace, "grace", 200*time.Millisecond, "soak: how long the old may still be answered after a publication")
	f.BoolVar(&o.made, "made-by-make", false, "say in the text that make bench made it")
	f.SetOutput(out)
	f.Usage = func() {
		fmt.Fprint(out, "bench [compare] [flags]   wangge beside others on the same data, as make bench does\n"+
			"bench publish [flags]     how soon a publication is in force in three servers\n"+
			"bench soak [flags]        mixed load with a publication every second, every answer checked, as make soak does\n\n")
		f.PrintDefaults()
	}
	if err := f.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	if mode != "compare" && mode != "publish" && mode != "soak" {
		return fmt.Errorf("%q is none of compare, publish, soak", mode)
	}
	if o.rounds < 1 || o.rounds > 20 || o.seconds < 1 || o.seconds > 30 || o.times < 1 || o.times > 10_000 ||
		o.duration < 10*time.Second || o.duration > 2*time.Hour {
		return fmt.Errorf("rounds 1 to 20, seconds 1 to 30, times 1 to 10,000, duration 10s to 2h")
	}
	limit := 20 * time.Minute // loading the city takes four of them
	if mode == "soak" {
		limit += o.duration
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	t, err := openTown(ctx, o, out)
	if err != nil {
		return err
	}
	defer t.close()
	switch mode {
	case "publish":
		p, err := publications(ctx, o, t, out)
		if err == nil {
			fmt.Fprint(out, p.text())
		}
		return err
	case "soak":
		return soak(ctx, o, t, out)
	}
	return compare(ctx, o, t, out)
}
