package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// machine is what the figures are of.
type machine struct{ processor, cores, memory, debian, database, commit, load string }

func lookAtMachine(ctx context.Context, o options, t *town) (m machine, err error) {
	m.processor = valueIn("/proc/cpuinfo", "model name")
	m.cores = fmt.Sprint(runtime.NumCPU())
	m.memory = valueIn("/proc/meminfo", "MemTotal")
	if b, err := os.ReadFile("/etc/debian_version"); err == nil {
		m.debian = strings.TrimSpace(string(b))
	}
	if b, err := os.ReadFile("/proc/loadavg"); err == nil {
		m.load, _, _ = strings.Cut(string(b), " ")
	}
	if m.commit, err = command(ctx, nil, "git", "describe", "--always", "--dirty"); err != nil {
		m.commit = "unknown"
	}
	m.commit = strings.TrimSpace(m.commit)
	conn, err := pgx.Connect(ctx, t.url)
	if err != nil {
		return m, err
	}
	defer conn.Close(ctx)
	err = conn.QueryRow(ctx, `SELECT split_part(current_setting('server_version'), ' ', 1) || ', PostGIS ' || postgis_lib_version()`).Scan(&m.database)
	return m, err
}

func valueIn(path, key string) string {
	f, err := os.Open(path)
	if err != nil {
		return "unknown"
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if k, v, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(k) == key {
			return strings.TrimSpace(v)
		}
	}
	return "unknown"
}

// text is the comparison as Markdown, the ratios first.
func (c comparison) text(m machine, o options, took time.Duration) string {
	var b strings.Builder
	by := "go run ./internal/bench compare"
	if o.made {
		by = "make bench"
	}
	if o.size != "city" {
		by += ", size " + o.size
	}
	if o.base != "" {
		by += ", base " + o.base
	}
	fmt.Fprintf(&b, "Made by `%s` on %s in %s, at commit %s. %s, %s cores, %s; Debian %s, PostgreSQL %s, %s; load of the machine before: %s.\n",
		by, time.Now().UTC().Format(time.DateOnly), took.Round(time.Second), m.commit, m.processor, m.cores, m.memory, m.debian, m.database, runtime.Version(), m.load)
	fmt.Fprintf(&b, "The demo town of size %s, and beside it %d communities with %d grids. Each figure is the median of %d runs of %d s, the entrants of a "+
		"contest in turns; `wrk -t1 -c%d` on the same machine. A ratio is that of the medians; in brackets the extremes of the single rounds. What is wanted is what the issues on the coverage core and on tiles ask for.\n\n",
		o.size, patchCommunities, patchGrids, o.rounds, o.seconds, connections)
	fmt.Fprint(&b, "| ratio | wanted | measured |\n|---|---|---|\n")
	for _, r := range c.rows {
		mid, lo, hi := r.ratio()
		fmt.Fprintf(&b, "| %s | %s | %s%.2f (%.2f to %.2f) |\n", r.what, wanted(r.least, r.aim), missed(r.least > 0 && mid < r.least), mid, lo, hi)
	}
	if p := c.publish; p != nil {
		fmt.Fprintf(&b, "| a publication in force in every of %d servers, p99 of %d | 100 ms, aim 30 | %s%.1f ms |\n", servers, len(p.took),
			missed(p.quantile(0.99) > 100*time.Millisecond), ms(p.quantile(0.99)))
	}
	if p := c.purge; p != nil {
		last := quantile(p.took, 0.99)
		fmt.Fprintf(&b, "| a shifted border in its tile in every of %d servers, p99 of %d | 100 ms | %s%.1f ms |\n", servers, len(p.took), missed(last > 100*time.Millisecond), ms(last))
		if p.hits >= 0 {
			fmt.Fprintf(&b, "| tiles elsewhere answered from what was kept meanwhile | %d of %[1]d | %s%d |\n", p.asked, missed(p.hits != p.asked || p.misses > 0), p.hits)
		}
	}
	if len(c.scores) > 0 {
		fmt.Fprint(&b, "\n| entrant | a second | least, most | p50 | p99 |\n|---|---|---|---|---|\n")
	}
	for _, s := range c.scores {
		rates := s.rates()
		var p50, p99 []float64
		for _, r := range s.runs {
			p50, p99 = append(p50, r.P50), append(p99, r.P99)
		}
		last := "" // pgbench does not say it
		if v := median(p99); v > 0 {
			last = fmt.Sprintf("%.2f ms", v/1000)
		}
		fmt.Fprintf(&b, "| %s | %.0f | %.0f, %.0f | %.2f ms | %s |\n", s.name, median(rates), slices.Min(rates), slices.Max(rates), median(p50)/1000, last)
	}
	if len(c.sizes) > 0 {
		b.WriteString(sizesText(c.sizes))
	}
	if len(c.starts) > 0 {
		fmt.Fprint(&b, "\n| cold | |\n|---|---|\n")
		for _, line := range c.starts {
			fmt.Fprintf(&b, "| %s |\n", line)
		}
	}
	if c.publish != nil {
		fmt.Fprint(&b, "\n", c.publish.text())
	}
	if c.purge != nil {
		fmt.Fprint(&b, "\n", c.purge.text())
	}
	if c.inGo != "" {
		fmt.Fprintf(&b, "\n`go test -bench . -benchtime 0.5s ./geo/coverage`:\n\n```\n%s\n```\n", c.inGo)
	}
	return b.String()
}

func wanted(least, aim float64) string {
	switch {
	case least == 0:
		return ""
	case aim == 0:
		return fmt.Sprintf("%g", least)
	}
	return fmt.Sprintf("%g, aim %g", least, aim)
}

func missed(it bool) string {
	if it {
		return "**missed** "
	}
	return ""
}

func ms(d time.Duration) float64 { return d.Seconds() * 1000 }

// Between these lines of docs/benchmarks.md all is written by this program, the rest by people.
const partBegin, partEnd = "<!-- make bench: begin -->", "<!-- make bench: end -->"

func rewrite(path, text string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, begun := strings.Cut(string(b), partBegin)
	_, after, ended := strings.Cut(rest, partEnd)
	if !begun || !ended {
		return fmt.Errorf("%s has no lines %s and %s", path, partBegin, partEnd)
	}
	return os.WriteFile(path, []byte(before+partBegin+"\n"+text+partEnd+after), 0o644)
}
