package main

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is a server that this program started. It says on its output where it listens.
type process struct {
	name  string
	url   string
	data  string // wangge's data folder
	ready time.Duration
	cmd   *exec.Cmd
	said  log
	ended chan struct{}
}

// log is the end of what a server says on its error output.
type log struct {
	mu   sync.Mutex
	text []byte
}

func (l *log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, b...)
	l.text = l.text[max(0, len(l.text)-4000):]
	return len(b), nil
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text)
}

const startLimit = 2 * time.Minute

// start runs a server until stop, and returns when it says where it listens.
func start(ctx context.Context, name string, env []string, program string, args ...string) (*process, error) {
	began := time.Now()
	p, said, err := launch(name, env, program, args...)
	if err != nil {
		return nil, err
	}
	select {
	case p.url = <-said:
	case <-p.ended:
		return nil, fmt.Errorf("%s ended before it listened\n%s", name, &p.said)
	case <-time.After(startLimit):
		p.stop()
		return nil, fmt.Errorf("%s does not listen after %s", name, startLimit)
	case <-ctx.Done():
		p.stop()
		return nil, ctx.Err()
	}
	p.ready = time.Since(began)
	return p, nil
}

// startAt runs a server that does not say where it listens until stop, and returns when it answers at url and path.
func startAt(ctx context.Context, name, url, path, program string, args ...string) (*process, error) {
	p, _, err := launch(name, nil, program, args...)
	if err != nil {
		return nil, err
	}
	p.url = url
	return p, p.answers(ctx, path)
}

// launch starts a program; what it says after "listening on" comes through the channel.
func launch(name string, env []string, program string, args ...string) (*process, <-chan string, error) {
	p := &process{name: name, cmd: exec.Command(program, args...), ended: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stderr = &p.said
	// A terminal's Ctrl-C goes to this program, which stops its servers in order.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, nil, err
	}
	said := make(chan string, 1)
	go func() {
		defer close(p.ended)
		lines := bufio.NewScanner(stdout)
		for lines.Scan() {
			if url, ok := strings.CutPrefix(lines.Text(), "listening on "); ok {
				said <- url
			}
		}
		p.cmd.Wait()
	}()
	return p, said, nil
}

// answers waits until the server answers a path; one that does not is stopped.
func (p *process) answers(ctx context.Context, path string) error {
	began := time.Now()
	for {
		res, err := client.Get(p.url + path)
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		ended := false
		select {
		case <-p.ended:
			ended = true
		default:
		}
		if ended || time.Since(began) > startLimit || ctx.Err() != nil {
			p.stop()
			return fmt.Errorf("%s is not ready after %s\n%s", p.name, time.Since(began).Round(time.Second), &p.said)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// settle waits until the server does next to nothing: what it prepares after its start is not for the first contest to pay. It
// stops waiting after half a minute.
func (p *process) settle(ctx context.Context) {
	for last, end := p.busy(), time.Now().Add(30*time.Second); time.Now().Before(end) && ctx.Err() == nil; {
		time.Sleep(time.Second)
		now := p.busy()
		if now-last < time.Second/20 {
			return
		}
		last = now
	}
}

// busy is the processor time that the server has taken, 0 where the system does not say.
func (p *process) busy() time.Duration {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	_, after, _ := strings.Cut(string(b), ") ") // of the program's name
	fields := strings.Fields(after)
	if len(fields) < 13 {
		return 0
	}
	ticks := 0
	for _, f := range fields[11:13] { // utime, stime, in hundredths of a second
		n, _ := strconv.Atoi(f)
		ticks += n
	}
	return time.Duration(ticks) * time.Second / 100
}

// stop ends the server, by force where it takes more than ten seconds.
func (p *process) stop() {
	if p == nil {
		return
	}
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(10 * time.Second):
		p.cmd.Process.Kill()
		<-p.ended
	}
}

// serve starts a wangge on a database and waits until it is ready. env are settings beside those of every run.
func (t *town) serve(ctx context.Context, name, program, database string, env ...string) (*process, error) {
	data, err := os.MkdirTemp(t.dir, "serve-")
	if err != nil {
		return nil, err
	}
	began := time.Now()
	env = append([]string{"DATABASE_URL=" + database, "DATA=" + data, "ADDR=127.0.0.1:0", "RATE_LIMIT=0", "LOG_LEVEL=warn"}, env...)
	p, err := start(ctx, name, env, program, "serve")
	if err != nil {
		return nil, err
	}
	p.data = data
	if err := p.answers(ctx, "/readyz"); err != nil {
		return nil, err
	}
	p.ready = time.Since(began)
	return p, nil
}

// token is the operator's.
func (p *process) token() (string, error) {
	b, err := os.ReadFile(p.data + "/operator.token")
	return strings.TrimSpace(string(b)), err
}

// command runs a program to its end; its output is shown where it fails.
func command(ctx context.Context, env []string, program string, args ...string) (string, error) {
	c := exec.CommandContext(ctx, program, args...)
	c.Env = append(os.Environ(), env...)
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	c.WaitDelay = 15 * time.Second
	out, err := c.CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("%s %s: %w\n%s", program, strings.Join(args, " "), err, out)
	}
	return string(out), nil
}
