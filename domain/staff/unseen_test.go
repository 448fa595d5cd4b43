package staff

import (
	"testing"

	"wangge/internal/fault"
)

func TestAWorkerHasANameThatCanBeSeen(t *testing.T) {
	const unseen = "\u202e\u200b\u3164"
	for field, w := range map[string]NewWorker{"name": {Name: unseen}, "duties.1": {Name: "张三", Duties: []string{"走访", unseen}}} {
		if err := CheckWorker(w); !fault.Is(err, fault.Invalid) || fault.As(err).Field != field || fault.As(err).Key != "name.unseen" {
			t.Errorf("%s: %v", field, err)
		}
	}
	if err := CheckWorker(NewWorker{Name: "张\u200b三"}); err != nil {
		t.Errorf("a name with a mark in it: %v", err)
	}
}
