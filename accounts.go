package main

import (
	"context"
	"os"
	"os/user"
	"regexp"
	"strings"

	"wangge/domain/access"
	"wangge/domain/account"
	"wangge/domain/audit"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/internal/cli"
	"wangge/internal/config"
	"wangge/internal/fault"
	"wangge/internal/ops"
	"wangge/load"
	"wangge/load/demo"
)

// VerifyAudit implements cli.Program.
func (program) VerifyAudit(ctx context.Context, s config.Settings, known []audit.Head, each func()) (proved cli.Proved, err error) {
	anchors, err := ops.Heads{Data: s.Data}.Read() // before anything else: what is anchored meanwhile is not asked for
	if err != nil {
		return proved, err
	}
	for _, h := range known {
		anchors = append(anchors, audit.Anchor{Head: h})
	}
	err = withAudit(ctx, s, func(h *house) (err error) {
		proved.Heads, err = h.audit.Verify(ctx, byHand(audit.Machine()), anchors, each)
		return err
	})
	proved.Until, proved.Loose = audit.Loose(proved.Heads, anchors)
	return proved, err
}

// ListAudit implements cli.Program.
func (program) ListAudit(ctx context.Context, s config.Settings, q audit.Query) (list page.Page[audit.Link], logins map[string]string, err error) {
	err = withAudit(ctx, s, func(h *house) (err error) {
		auditor := byHand(audit.Machine())
		list, err = h.audit.List(ctx, auditor, q)
		h.anchor(ctx) // that it was read
		if err == nil {
			logins, err = h.access.Logins(ctx, auditor, list.Items)
		}
		return err
	})
	return list, logins, err
}

// Users implements cli.Program. Whoever works on this machine gives accounts.
func (program) Users(ctx context.Context, s config.Settings, job cli.UserJob) (list []cli.User, err error) {
	do := func(ctx context.Context, h *house) (err error) {
		if h.access.Sealer, err = sealer(s); err != nil { // a reset forgets the tries that are counted of a login
			return err
		}
		list, err = users(ctx, h, job)
		return err
	}
	if job.Do == cli.UserList {
		err = withHouse(ctx, s, func(h *house) error { return do(ctx, h) })
		return list, err
	}
	err = audited(ctx, s, byHand(access.OnTheMachine()), audit.Entry{Action: userDeeds[job.Do], Object: audit.Object{Kind: "ACCOUNT"}}, do)
	return list, err
}

// userDeeds are what the audit calls what is done about accounts: as where it is done by GraphQL.
var userDeeds = map[cli.UserDo]audit.Action{cli.UserAdd: "CREATE_ACCOUNT", cli.UserDisable: "DISABLE_ACCOUNT", cli.UserEnable: access.Enabled, cli.UserReset: "RESET_PASSWORD",
	cli.UserLink: "LINK_ACCOUNT", cli.UserDemo: "GIVE_DEMO_ACCOUNTS"}

func users(ctx context.Context, h *house, job cli.UserJob) (list []cli.User, err error) {
	actor := byHand(access.OnTheMachine())
	tell := func(a access.Account, password string) {
		u := cli.User{Login: a.Login, Role: string(a.Role), Password: password, Factor: a.SecondFactor != nil, Disabled: a.Disabled != nil, Provider: a.Provider}
		if a.Worker != nil {
			u.Worker = a.Worker.String()
		}
		list = append(list, u)
	}
	var a access.Account
	var password string
	switch job.Do {
	case cli.UserAdd:
		n := access.NewAccount{Login: job.Login, Role: account.Role(job.Role)}
		if job.Worker != "" {
			k, ok := key.Parse(job.Worker)
			if !ok {
				return nil, fault.New(fault.NotFound, "worker", "worker.notFound", "id", fault.Shorten(job.Worker, 60))
			}
			n.Worker = &k
		}
		a, password, err = h.access.Give(ctx, actor, n)
	case cli.UserList:
		q := access.Query{Args: page.Args{First: page.MaxOperator}}
		for {
			p, err := h.access.List(ctx, actor, q)
			if err != nil {
				return nil, err
			}
			for _, item := range p.Items {
				tell(item.Node, "")
			}
			if !p.HasNext {
				return list, nil
			}
			q.Args.After = &p.Items[len(p.Items)-1].Cursor
		}
	case cli.UserDemo:
		err := load.CheckAlone(ctx, byHand(account.TheOperator()), h.services(), demo.Make(demo.Size("city"))) // which all sizes are part of
		if fault.Is(err, fault.Conflict) {
			return nil, nil // somebody's own town
		}
		if err != nil {
			return nil, err
		}
		logins, err := h.access.GiveDemo(ctx, actor)
		for _, d := range logins {
			list = append(list, cli.User{Login: d.Login, Role: string(d.Role), Password: d.Password})
			if d.Post != "" {
				list[len(list)-1].Post = d.Post.Text(fault.Chinese) + " " + d.Post.Text(fault.English)
			}
		}
		return list, err
	default:
		if a, err = h.access.ByLogin(ctx, actor, job.Login); err != nil {
			return nil, err
		}
		switch job.Do {
		case cli.UserReset:
			a, password, err = h.access.Reset(ctx, actor, a.ID, job.Factor)
		case cli.UserLink:
			a, err = h.access.Link(ctx, actor, a.ID, job.Name)
		default:
			a, err = h.access.Disable(ctx, actor, a.ID, job.Do == cli.UserDisable)
		}
	}
	tell(a, password)
	return list, err
}

// byHand is an actor of the machine who is known by the account of the operating system too: that of who called sudo, else that of the process. Of a name that is no id of ours, what is.
func byHand(a account.Actor) account.Actor {
	name := os.Getenv("SUDO_USER")
	if name == "" {
		if u, err := user.Current(); err == nil {
			name = u.Username
		}
	}
	name = strings.Trim(notOfIDs.ReplaceAllString(name, "-"), "-")
	if name = name[:min(len(name), 32)]; name != "" { // as long as Linux lets it be
		a.ID += "-" + name
	}
	return a
}

var notOfIDs = regexp.MustCompile(`[^0-9A-Za-z]+`)
