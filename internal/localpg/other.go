//go:build !linux

// Package localpg runs a private PostgreSQL, on Linux only.
package localpg

import (
	"context"
	"log/slog"

	"wangge/internal/fault"
)

// Options of Start; see the Linux version.
type Options struct {
	DataDir    string
	Log        *slog.Logger
	RootDir    string
	Disposable bool
}

// Server is never made on this system.
type Server struct{}

// Start refuses: elsewhere nothing ends the server when its owner is killed.
func Start(context.Context, Options) (*Server, error) {
	return nil, fault.New(fault.Unavailable, "", "localpg.linuxOnly")
}

// URL is the address of the database.
func (s *Server) URL() string { return "" }

// Owner reports whether this process runs the server.
func (s *Server) Owner() bool { return false }

// Close lets go of the server.
func (s *Server) Close(context.Context) error { return nil }
