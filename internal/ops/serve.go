package ops

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"syscall"
	"time"

	"wangge/internal/fault"
)

// drainTime is how long requests may take to end after the server has been asked to stop.
const drainTime = 10 * time.Second

var _ = fault.Register(
	[3]string{"ops.addrTaken",
		"{addr} is taken by another program: see which with ss -ltnp 'sport = :{port}', or choose another with wangge serve --addr {host}:0, which picks a free one.",
		"{addr} 已被其他程序占用：可用 ss -ltnp 'sport = :{port}' 查看，或用 wangge serve --addr {host}:0 自动选择空闲端口。"},
	[3]string{"ops.addrDenied",
		"{addr} may not be listened on by this user: choose a port above 1023 with --addr {host}:8080, or run setcap cap_net_bind_service=+ep on the program.",
		"当前用户无权监听 {addr}：请用 --addr {host}:8080 选择大于 1023 的端口，或对程序运行 setcap cap_net_bind_service=+ep。"},
	[3]string{"ops.addrUnknown",
		"{host} is no address of this machine: see ip address, or choose 127.0.0.1 (only this machine) or 0.0.0.0 (everyone) with --addr.",
		"{host} 不是本机地址：请用 ip address 查看，或用 --addr 选择 127.0.0.1(仅本机)或 0.0.0.0(所有人)。"},
)

// Listen opens addr, host:port. Errors are UNAVAILABLE with a sentence that names what helps.
func Listen(addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if err == nil {
		return l, nil
	}
	key := "ops.addrUnknown"
	var dns *net.DNSError
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		key = "ops.addrTaken"
	case errors.Is(err, os.ErrPermission):
		key = "ops.addrDenied"
	case errors.Is(err, syscall.EADDRNOTAVAIL), errors.As(err, &dns):
	default:
		return nil, err
	}
	host, port, splitErr := net.SplitHostPort(addr)
	if splitErr != nil {
		return nil, err
	}
	return nil, fault.New(fault.Unavailable, "addr", key, "addr", addr, "host", host, "port", port)
}

// heapGrowth is by how many percent of what is live the heap grows before it is collected, where GOGC says nothing. What a
// server holds in memory stays, and looking through it again is most of what a collection costs: on an answer from memory
// 200 saves a tenth of the processor against Go's 100, for 1.3 times the memory (the most that was resident); 400 saves half as
// much more. GOMEMLIMIT bounds it.
const heapGrowth = 200

// GrowHeap sets heapGrowth. It is called when all is loaded: reading leaves much behind that should not grow the heap.
func GrowHeap() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(heapGrowth)
	}
}

// Serve answers on l until ctx ends, then stops taking requests, ends answers that have no end, and waits up to ten seconds for
// those that run.
func Serve(ctx context.Context, l net.Listener, h http.Handler, log *slog.Logger) error {
	streams := newStopping(ctx)
	server := &http.Server{
		Handler: h,
		BaseContext: func(net.Listener) context.Context {
			return context.WithValue(context.Background(), stoppingKey{}, streams)
		},
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		WriteTimeout:      2 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn), // no file descriptors left, and the like
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	log.Info("stopping: waiting for requests to end", "at_most", drainTime)
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	if err := server.Shutdown(drain); err != nil {
		log.Warn("requests were cut off", "error", err)
		return server.Close()
	}
	if !streams.wait(drain) {
		log.Warn("subscriptions were cut off")
	}
	return nil
}
