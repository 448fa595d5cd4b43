package board

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/google/uuid"

	"wangge/domain/account"
)

// MostInAtlas is how many grids an atlas holds: twice those of a large community, read and drawn in some seconds.
const MostInAtlas = 80

// atlasDigits are the digits of an atlas's mark.
const atlasDigits = 8

// AtlasMark is short for what the boards in an atlas say, in its order: eight hexadecimal digits, which its cover carries.
func AtlasMark(boards []Hashes) string {
	all := sha256.New()
	for _, h := range boards {
		for _, part := range h {
			_, _ = all.Write([]byte(part)) // a hash takes everything
		}
	}
	return hex.EncodeToString(all.Sum(nil))[:atlasDigits]
}

// VerifyAtlas tells the atlas of a division whether each of its pages says what holds, by the mark that its cover carries. For everyone, as Verify is. What is no mark is
// on no atlas that was ever drawn: UNKNOWN.
func (s *Service) VerifyAtlas(ctx context.Context, actor account.Actor, division uuid.UUID, mark string) (a Answer, err error) {
	mark = strings.ToLower(mark)
	if len(mark) != atlasDigits || strings.Trim(mark, "0123456789abcdef") != "" {
		return Unknown, nil
	}
	err = s.Places.InOneState(ctx, actor, func(ctx context.Context) error {
		a = Outdated // it may run twice
		grids, err := s.gridsAfter(ctx, actor, division, nil, MostInAtlas+1)
		if err != nil || len(grids) > MostInAtlas { // there is no atlas of so many any more
			return err
		}
		boards := make([]Of, len(grids))
		for i, g := range grids {
			boards[i] = g.Of
		}
		facts, err := s.facts(ctx, actor, boards)
		if err != nil {
			return err
		}
		hashes := make([]Hashes, len(boards))
		for i, of := range boards {
			hashes[i] = facts[of.Key.ID].Hashes()
		}
		if mark == AtlasMark(hashes) {
			a = Current
		}
		return nil
	})
	return a, err
}
