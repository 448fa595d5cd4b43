package signboard

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/key"
	"wangge/domain/staff"
	"wangge/internal/fault"
)

// album answers photos; those of workers it does not know with err.
type album struct {
	Staff
	of  map[key.Key]string
	err error
}

func (a album) Photo(_ context.Context, _ account.Actor, worker key.Key, _ bool, _ func(string) bool) (staff.Photo, error) {
	if image, ok := a.of[worker]; ok {
		return staff.Photo{Image: []byte(image)}, nil
	}
	return staff.Photo{}, a.err
}

// A photo that cannot be read takes no board away; what is wrong with the program does.
func TestABoardDoesWithoutAPhotoThatCannotBeRead(t *testing.T) {
	one, two := key.Key{Home: "home1", ID: uuid.UUID{1}}, key.Key{Home: "home1", ID: uuid.UUID{2}}
	away, broken := fault.Wrap(errors.New("away"), fault.Unavailable, "", "board.nobody"), errors.New("broken")
	for _, c := range []struct{ err, want error }{{away, nil}, {fault.New(fault.NotFound, "id", "board.nobody"), nil}, {broken, broken}} {
		s := &Source{Staff: album{of: map[key.Key]string{two: "picture"}, err: c.err}}
		f := Facts{Workers: []Worker{{Person: Person{photoOf: one}}, {}}, Leaders: []Person{{photoOf: two}}}
		if err := s.photos(t.Context(), account.Anyone(), &f); !errors.Is(err, c.want) {
			t.Errorf("%v: %v", c.err, err)
		}
		if c.want == nil && (f.Workers[0].Photo != nil || string(f.Leaders[0].Photo) != "picture") {
			t.Errorf("%v: %+v", c.err, f)
		}
		if _, noted := s.unread.Load(one); noted != (c.err == error(away)) {
			t.Errorf("%v: logged %v", c.err, noted)
		}
	}
}
