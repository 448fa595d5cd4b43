package cli

import (
	"strings"
	"testing"
	"time"

	"wangge/domain/audit"
)

func TestTheAuditIsProvedAndShown(t *testing.T) {
	plain(t)
	head := audit.Head{Chain: "unplaced", N: 12, Hash: audit.Hash{1}}.String()
	p := &recorder{}
	if code, out, errOut := call(t, p, "audit", "verify", "--head", head); code != ok || out != head+"\n1 entries in 1 chains hold\nno ends are anchored in this data folder: 0 entries could be taken from the ends unseen\n" || errOut != "" || !strings.Contains(p.did, head) {
		t.Errorf("exit %d, %q, %q, did %s", code, out, errOut, p.did)
	}
	for loose, want := range map[int64]string{0: "anchored until 2026-11-22 08:00:00; no entry after it\n", 3: "anchored until 2026-11-22 08:00:00; 3 entries after it are not anchored yet\n"} {
		p := &recorder{proved: Proved{Until: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), Loose: loose}}
		if code, out, _ := call(t, p, "audit", "verify"); code != ok || !strings.HasSuffix(out, "hold\n"+want) {
			t.Errorf("exit %d, %q", code, out)
		}
	}
	p.err = &audit.Wrong{Chain: "unplaced", N: 7, Reason: "it is missing"}
	if code, out, _ := call(t, p, "audit", "verify"); code != failed || out != "wrong: entry 7 of chain unplaced: it is missing\n" {
		t.Errorf("exit %d, %q", code, out)
	}
	if code, _, errOut := call(t, &recorder{}, "audit", "verify", "--head", "unplaced:12"); code != failed || !strings.Contains(errOut, "no head") {
		t.Errorf("exit %d, %q", code, errOut)
	}
	p = &recorder{}
	code, out, _ := call(t, p, "audit", "list", "--since", "2026-11-01T00:00:00+08:00", "--action", "REVEAL_RESIDENT", "--deeds", "READ_PERSONAL", "--limit", "5")
	if code != ok || out != "2026-11-22T08:00:00+08:00 near:3 staff zhang.san/a-1 REVEAL_RESIDENT RESIDENT near-1 INCIDENT SQ-2026-1 OK\n" ||
		!strings.Contains(p.did, "Action:REVEAL_RESIDENT Deeds:READ_PERSONAL") || !strings.Contains(p.did, "2026-11-01") || !strings.Contains(p.did, "First:5") {
		t.Errorf("exit %d, %q, did %s", code, out, p.did)
	}
	if code, out, _ := call(t, &recorder{}, "audit", "list", "--json"); code != ok || !strings.Contains(out, `"caseNumber":"SQ-2026-1"`) || !strings.Contains(out, `"actorLogin":"zhang.san"`) || strings.Count(out, "\n") != 1 {
		t.Errorf("exit %d, %q", code, out)
	}
	for _, args := range [][]string{{"--since", "yesterday"}, {"--deeds", "ALL"}, {"--limit", "0"}, {"--limit", "1000000"}} {
		if code, _, errOut := call(t, &recorder{}, append([]string{"audit", "list"}, args...)...); code != misused || errOut == "" {
			t.Errorf("%v: exit %d, %q", args, code, errOut)
		}
	}
}
