package cli

import (
	"fmt"
	"time"
)

// KeysReport is how the keys stand.
type KeysReport struct {
	File     string // of the ring
	Ring     []RingKey
	DataKeys int // in use
	Retired  int // that still open something, or did until a while ago
	Values   int // sealed
	Left     int // of these, under retired keys
}

// RingKey is a key of the ring.
type RingKey struct {
	ID       string
	Made     time.Time
	DataKeys int // sealed under it
}

// RotateJob is one run of keys rotate.
type RotateJob struct {
	DataKeys   bool // also the data keys
	DropUnused bool // also take keys out of the ring that no data key is sealed under
	Progress   func(Progress)
}

// Rotated is what was changed.
type Rotated struct {
	Key                                string // of the ring, that is current now
	DataKeys, Retired, Values, Dropped int
	RingDropped                        int
}

type keysCmd struct {
	Status keysStatusCmd `cmd:"" help:"Say which keys there are and how much is sealed under them; no key is shown."`
	Rotate keysRotateCmd `cmd:"" help:"Make a new key of the ring and seal the data keys under it. Back the file up afterwards."`
}

type keysStatusCmd struct{}

func (keysStatusCmd) Run(r *run) error {
	s, err := r.settings(commandLevel)
	if err != nil {
		return err
	}
	k, err := r.program.Keys(r.ctx, s)
	if err != nil {
		return err
	}
	fmt.Fprintf(r.out, in(r.lang, "keys in %s\n", "密钥文件：%s\n"), k.File)
	for _, key := range k.Ring {
		fmt.Fprintf(r.out, in(r.lang, "%s  made %s  %d data keys\n", "%s  创建于 %s  %d 个数据密钥\n"), key.ID, key.Made.In(s.Zone).Format(time.DateOnly), key.DataKeys)
	}
	fmt.Fprintf(r.out, in(r.lang, "%d data keys in use, %d retired; %d values sealed, %d of them under retired keys\n", "在用数据密钥 %d 个，停用 %d 个；已加密 %d 项，其中 %d 项使用停用的密钥\n"),
		k.DataKeys, k.Retired, k.Values, k.Left)
	return nil
}

type keysRotateCmd struct {
	DataKeys   bool `help:"Also make new data keys and seal all values anew. It may be stopped and run again."`
	DropUnused bool `help:"Also take keys out of the file that nothing is sealed under any more. Backups of the database from before cannot be read then."`
}

func (c *keysRotateCmd) Run(r *run) error {
	s, err := r.settings(commandLevel)
	if err != nil {
		return err
	}
	bar := newBar(r.err, in(r.lang, "values", "项"))
	bar.did = in(r.lang, "sealed", "已加密")
	done, err := r.program.RotateKeys(r.ctx, s, RotateJob{DataKeys: c.DataKeys, DropUnused: c.DropUnused, Progress: bar.show})
	bar.end()
	if err != nil {
		return err
	}
	fmt.Fprintf(r.out, in(r.lang, "key %s is current: %d data keys sealed under it\n", "当前密钥为 %s：已用它封装 %d 个数据密钥\n"), done.Key, done.DataKeys)
	if c.DataKeys {
		fmt.Fprintf(r.out, in(r.lang, "%d data keys retired, %d values sealed anew, %d old data keys removed\n", "停用数据密钥 %d 个，重新加密 %d 项，删除旧数据密钥 %d 个\n"), done.Retired, done.Values, done.Dropped)
	}
	if c.DropUnused {
		fmt.Fprintf(r.out, in(r.lang, "%d keys taken out of the file\n", "已从文件中移除 %d 个密钥\n"), done.RingDropped)
	}
	return nil
}
