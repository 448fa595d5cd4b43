//go:build unchecked

package account

import "sync/atomic"

// Unchecked refuses nobody for a role or right while it is set: tests show with it what PostgreSQL alone keeps back. The tag is theirs alone.
var Unchecked atomic.Bool

func unchecked() bool { return Unchecked.Load() }
