package db

import (
	"context"
	"errors"
	"net"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"wangge/internal/fault"
)

var _ = fault.Register(
	[3]string{"db.constraint", "The database refused this: {rule}.", "数据库拒绝了此操作：{rule}。"},
	[3]string{"db.codeTaken", "This code is already in use.", "该代码已被使用。"},
	[3]string{"db.holderTaken", "Somebody else holds this post here at that time.", "该岗位在此期间已有人担任。"},
	[3]string{"db.absentTwice", "The worker is already away at that time.", "该人员在此期间已请假。"},
	[3]string{"db.badBoundary", "The boundary is not valid.", "边界无效。"},
	[3]string{"db.diskFull", "The database has no disk space left; free some and try again.", "数据库磁盘已满，请清理后重试。"},
)

// byConstraint says what a broken constraint means to a person. Constraints not listed are named as they are.
var byConstraint = map[string]struct {
	code       fault.Code
	field, key string
}{
	"grid_code_pkey":              {fault.Conflict, "code", "db.codeTaken"},
	"grid_code_key":               {fault.Conflict, "code", "db.codeTaken"},
	"division_code_key":           {fault.Conflict, "code", "db.codeTaken"},
	"division_code_pkey":          {fault.Conflict, "code", "db.codeTaken"},
	"account_login_key":           {fault.Conflict, "login", "access.loginTaken"},
	"account_provider_name_key":   {fault.Conflict, "name", "access.linkTaken"},
	"account_worker_key":          {fault.Conflict, "workerId", "access.workerTaken"},
	"assignment_one_holder":       {fault.Conflict, "post", "db.holderTaken"},
	"external_ref_code_key":       {fault.Conflict, "code", "ref.taken"},
	"absence_once":                {fault.Conflict, "from", "db.absentTwice"},
	"building_grid_one_at_a_time": {fault.Conflict, "", "conflict"}, // somebody else placed it meanwhile
	"unit_grid_one_at_a_time":     {fault.Conflict, "", "conflict"},
	"residency_one_home":          {fault.Conflict, "from", "resident.livesElsewhere"},
	"residency_one_register":      {fault.Conflict, "from", "resident.registeredElsewhere"},
	"grid_boundary_valid":         {fault.Invalid, "boundary", "db.badBoundary"},
	"division_boundary_valid":     {fault.Invalid, "boundary", "db.badBoundary"},
}

// onWorker finds the constraint in a message from a Citus worker, where PgError has no ConstraintName and the shard's
// number is appended to the name.
var onWorker = regexp.MustCompile(`constraint "([a-z_]+?)(?:_\d+)?"`)

// asFault turns what PostgreSQL answers into what the domain returns. A *fault.Error passes through.
func asFault(err error) error {
	var known *fault.Error
	var pg *pgconn.PgError
	var network net.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return err
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, context.DeadlineExceeded):
		return fault.Wrap(err, fault.Unavailable, "", "timeout")
	case errors.As(err, &pg):
		return fromPostgres(pg)
	case errors.As(err, &network), pgconn.Timeout(err), pgconn.SafeToRetry(err):
		return fault.Wrap(err, fault.Unavailable, "", "database")
	}
	return err
}

// cancelled is err with what ended ctx, where a statement was cancelled for that: whose request is gone is not told that it took too long.
func cancelled(ctx context.Context, err error) error {
	var pg *pgconn.PgError
	if ctx.Err() != nil && errors.As(err, &pg) && pg.Code == "57014" {
		return errors.Join(ctx.Err(), err)
	}
	return err
}

func fromPostgres(pg *pgconn.PgError) error {
	switch {
	case strings.HasPrefix(pg.Code, "23"): // integrity constraint violation
		name := pg.ConstraintName
		if name == "" {
			if m := onWorker.FindStringSubmatch(pg.Message); m != nil {
				name = m[1]
			}
		}
		if c, ok := byConstraint[name]; ok {
			return fault.Wrap(pg, c.code, c.field, c.key)
		}
		return fault.Wrap(pg, fault.Conflict, "", "db.constraint", "rule", name)
	case pg.Code == "57014", pg.Code == "55P03": // statement timeout, or cancelled; lock timeout
		return fault.Wrap(pg, fault.Unavailable, "", "timeout")
	case pg.Code == "40001", pg.Code == "40P01": // serialisation failure, deadlock
		return fault.Wrap(pg, fault.Conflict, "", "conflict")
	case pg.Code == "42501" && pg.Routine == "ExecWithCheckOptions": // a policy refused the row; any other is a fault of ours
		return fault.Wrap(pg, fault.Forbidden, "", "forbidden")
	case pg.Code == "53100":
		return fault.Wrap(pg, fault.Unavailable, "", "db.diskFull")
	case strings.HasPrefix(pg.Code, "08"), strings.HasPrefix(pg.Code, "53"), strings.HasPrefix(pg.Code, "57P"):
		return fault.Wrap(pg, fault.Unavailable, "", "database")
	}
	return pg
}
