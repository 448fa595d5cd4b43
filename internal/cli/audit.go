package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"wangge/domain/audit"
	"wangge/domain/page"
	"wangge/internal/fault"
)

// Proved is an audit that holds.
type Proved struct {
	Heads []audit.Head // the ends of its chains
	Until time.Time    // when the newest of the ends was written that they were compared with; zero: that is not known
	Loose int64        // entries after those ends: were they taken away, nobody would know
}

type auditCmd struct {
	Verify auditVerifyCmd `cmd:"" help:"Prove that no entry was changed, taken out or put in, and print the ends of the chains: keep them elsewhere and give them to a later run."`
	List   auditListCmd   `cmd:"" help:"Show entries, the newest first."`
}

type auditVerifyCmd struct {
	Head []string `placeholder:"CHAIN:N:HASH" help:"An end that an earlier run printed, besides those in the data folder; again for each."`
}

func (c *auditVerifyCmd) Run(r *run) error {
	var known []audit.Head
	for _, text := range c.Head {
		h, err := audit.ParseHead(text)
		if err != nil {
			return err
		}
		known = append(known, h)
	}
	s, err := r.settings(commandLevel)
	if err != nil {
		return err
	}
	entries := 0
	proved, err := r.program.VerifyAudit(r.ctx, s, known, func() { entries++ })
	var wrong *audit.Wrong
	switch {
	case errors.As(err, &wrong):
		fmt.Fprintln(r.out, in(r.lang, "wrong:", "异常："), wrong)
		r.code = failed
		return nil
	case err != nil:
		return err
	}
	for _, h := range proved.Heads {
		fmt.Fprintln(r.out, h)
	}
	fmt.Fprintf(r.out, in(r.lang, "%d entries in %d chains hold\n", "%d 条记录、%d 条链完好\n"), entries, len(proved.Heads))
	fmt.Fprintln(r.out, proved.anchored(r.lang, s.Zone))
	return nil
}

// anchored says up to where what was taken from an end would be missed.
func (p Proved) anchored(lang fault.Language, zone *time.Location) string {
	if p.Until.IsZero() {
		return fmt.Sprintf(in(lang, "no ends are anchored in this data folder: %d entries could be taken from the ends unseen", "此数据目录中没有链头：末尾 %d 条记录如被删除将无法发现"), p.Loose)
	}
	at := p.Until.In(zone).Format(time.DateTime)
	if p.Loose == 0 {
		return fmt.Sprintf(in(lang, "anchored until %s; no entry after it", "链头写至 %s，其后没有记录"), at)
	}
	return fmt.Sprintf(in(lang, "anchored until %s; %d entries after it are not anchored yet", "链头写至 %s，其后 %d 条记录尚未写入链头"), at, p.Loose)
}

type auditListCmd struct {
	Since  string `placeholder:"TIME" help:"At this time or after it, RFC 3339."`
	Until  string `placeholder:"TIME" help:"Before this time, RFC 3339."`
	Actor  string `placeholder:"ID" help:"The account that acted."`
	Action string `placeholder:"NAME" help:"What was done, as CREATE_WORKER."`
	Deeds  string `placeholder:"NAME" enum:"READ_PERSONAL,CHANGE_PERSONAL," default:"" help:"Several that belong together: READ_PERSONAL or CHANGE_PERSONAL."`
	Kind   string `placeholder:"NAME" help:"What kind of thing it was done to, as WORKER."`
	Object string `placeholder:"ID" help:"Its id or code."`
	Result string `placeholder:"CODE" help:"OK, or the code of the refusal."`
	Limit  int    `default:"100" help:"How many; default ${default}."`
	JSON   bool   `name:"json" help:"One object of JSON a line."`
}

// mostListed is how many entries one run shows.
const mostListed = 100_000

func (c *auditListCmd) Run(r *run) error {
	if c.Limit < 1 || c.Limit > mostListed {
		return usage{fmt.Sprintf(in(r.lang, "--limit is 1 to %d", "--limit 须为 1 到 %d"), mostListed)}
	}
	q := audit.Query{Actor: c.Actor, Action: audit.Action(c.Action), Deeds: audit.Deeds(c.Deeds), Object: audit.Object{Kind: c.Kind, ID: c.Object}, Result: c.Result, Page: page.Args{First: c.Limit}}
	for _, at := range []struct {
		text, flag string
		to         *time.Time
	}{{c.Since, "--since", &q.Since}, {c.Until, "--until", &q.Until}} {
		if at.text == "" {
			continue
		}
		var err error
		if *at.to, err = time.Parse(time.RFC3339, at.text); err != nil {
			return usage{fmt.Sprintf(in(r.lang, "%s %s: write a time like 2026-03-01T08:00:00+08:00", "%s %s：请写成 2026-03-01T08:00:00+08:00"), at.flag, at.text)}
		}
	}
	s, err := r.settings(commandLevel)
	if err != nil {
		return err
	}
	list, logins, err := r.program.ListAudit(r.ctx, s, q)
	if err != nil {
		return err
	}
	for _, item := range list.Items {
		l, e := item.Node, item.Node.Entry
		if c.JSON {
			line, err := json.Marshal(map[string]any{"chain": e.Chain(), "number": l.N, "at": e.At, "actor": e.Actor, "actorLogin": logins[e.Actor], "role": e.Role, "action": e.Action, "kind": e.Object.Kind,
				"object": e.Object.ID, "purpose": e.Purpose, "caseNumber": e.Case, "result": e.Result, "change": e.Change, "request": e.Request, "network": e.Network, "hash": l.Hash.String()})
			if err != nil {
				return err
			}
			fmt.Fprintln(r.out, string(line))
			continue
		}
		what := strings.TrimSpace(fmt.Sprint(e.Action, " ", e.Object.Kind, " ", e.Object.ID))
		if e.Purpose != "" {
			what += strings.TrimRight(fmt.Sprint(" ", e.Purpose, " ", e.Case), " ")
		}
		who := e.Actor
		if login := logins[e.Actor]; login != "" {
			who = login + "/" + e.Actor
		}
		fmt.Fprintf(r.out, "%s %s:%d %s %s %s %s\n", e.At.In(s.Zone).Format(time.RFC3339), e.Chain(), l.N, e.Role, who, what, e.Result)
	}
	return nil
}
