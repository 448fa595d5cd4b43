//go:build linux

package localpg

import (
	"bufio"
	"bytes"
	"context"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is a child that does not outlive this process.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{} // closed when it has ended
	err   error         // how it ended, from then on
	read  chan struct{} // closed when all its output was read

	mu    sync.Mutex
	lines []string // the end of its output
}

const keepLines = 60

// spawn starts a program of PostgreSQL as the place's user. When this process dies in whatever way, the kernel sends
// the child the signal death.
func (p place) spawn(log *slog.Logger, death syscall.Signal, program string, args ...string) (*process, error) {
	cmd := exec.Command(program, args...)
	// No PG* variable may lead the server elsewhere, and messages come in English for explain to read.
	cmd.Env = []string{"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8", "LC_MESSAGES=C"}
	cmd.Dir = "/" // the current folder may be closed to the server's user
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Pdeathsig: death,
		Setsid:    true, // Ctrl-C in a terminal reaches this process only, which then stops the server in its turn
	}
	if p.switchTo {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: p.uid, Gid: p.gid}
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = write, write
	c := &process{cmd: cmd, ended: make(chan struct{}), read: make(chan struct{})}
	started := make(chan error)
	go func() {
		// The parent-death signal fires when the *thread* that made the child ends, so this goroutine keeps its
		// thread for itself as long as the child runs, and never gives it back to the scheduler.
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			c.err = cmd.Wait()
			close(c.ended)
		}
	}()
	err = <-started
	write.Close() // the child has its own
	if err != nil {
		read.Close()
		return nil, err
	}
	go c.follow(read, log)
	return c, nil
}

// follow keeps the end of the output and passes it to the log. It is a pipe, not a file, so that "no space left" can
// still be read when the disk is full. PostgreSQL ignores a reader that has gone.
func (c *process) follow(pipe *os.File, log *slog.Logger) {
	defer close(c.read)
	defer pipe.Close()
	in := bufio.NewReaderSize(pipe, 16<<10)
	for {
		line, err := in.ReadSlice('\n') // a longer line comes in pieces
		if text := string(bytes.TrimSpace(line)); text != "" {
			c.keep(text)
			level := slog.LevelDebug
			if strings.Contains(text, "PANIC:") || strings.Contains(text, noSpace) {
				level = slog.LevelError
			}
			log.Log(context.Background(), level, "postgres", "line", text)
		}
		if err != nil && err != bufio.ErrBufferFull {
			return
		}
	}
}

func (c *process) keep(line string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lines = append(c.lines, line)
	if len(c.lines) > keepLines {
		c.lines = append([]string(nil), c.lines[1:]...)
	}
}

// output is the end of what the program, which has ended, has written.
func (c *process) output() []string {
	select {
	case <-c.read:
	case <-time.After(time.Second): // a child of its own may hold the pipe a little longer
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.lines...)
}

// lastWords is the most telling line of the output of a program that has ended.
func (c *process) lastWords() string {
	lines := c.output()
	for _, mark := range []string{"PANIC:", "FATAL:", "error:", "ERROR:", "could not", "LOG:", ""} {
		for i := len(lines) - 1; i >= 0; i-- {
			if strings.Contains(lines[i], mark) {
				return lines[i]
			}
		}
	}
	if c.err != nil {
		return c.err.Error()
	}
	return "no output"
}

// wait waits for the end of the program, as far as ctx allows.
func (c *process) wait(ctx context.Context) error {
	select {
	case <-c.ended:
		return c.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// stop ends a server: first "fast" (clients are cut off, everything is written down), then "immediate" (the next
// start replays the log).
func (c *process) stop() {
	for _, step := range []struct {
		signal syscall.Signal
		wait   time.Duration
	}{{syscall.SIGINT, 30 * time.Second}, {syscall.SIGQUIT, 10 * time.Second}, {syscall.SIGKILL, 10 * time.Second}} {
		// An error means that it has ended already.
		_ = c.cmd.Process.Signal(step.signal)
		select {
		case <-c.ended:
			return
		case <-time.After(step.wait):
		}
	}
}
