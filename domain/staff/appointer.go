package staff

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/key"
	"wangge/internal/fault"
)

var _ = fault.Register(
	[3]string{"staff.ofOperator", "The post {post} is given and ended by the operator alone.", "{post} 岗位只能由管理员任免。"},
	[3]string{"staff.yourself", "Nobody says of themselves when they are in office or away; ask somebody else who may, or the operator.", "不能办理本人的任职或请假，请由其他有权人员或管理员办理。"},
	[3]string{"staff.yourFirst", "You stand in for this post, or will: ask somebody else who may, or the operator.", "您是该岗位的 B 岗，请由其他有权人员或管理员办理。"},
	[3]string{"staff.notYours", "The worker holds posts that are not yours to give: ask the operator.", "该人员担任的岗位不全在您的任免范围内，请由管理员办理。"},
	[3]string{"staff.holdsNone", "The worker holds no post, today or later.", "该人员目前及以后均无任职。"},
)

// ofOperator reports whether a post is for operators alone to give: one that lets its holder appoint, arrange, or see what is restricted.
func (p Post) ofOperator() bool {
	return p.Rights()&account.SetOf(account.Appoint, account.Arrange, account.Restricted) != 0
}

// appointer is somebody of staff who puts others in office. The same is written down as policies in migration 24.
type appointer struct {
	worker key.Key
	holds  []Assignment         // by the worker, today or later
	within func(area Area) bool // whether the right to appoint holds of all that lies in an area
}

// mayGive refuses to give a worker, who holds posts today or later, another one. NOT_FOUND at "area"; FORBIDDEN.
func (by appointer) mayGive(worker key.Key, held []Assignment, post Post, area Area, name string) error {
	switch {
	case !by.within(area):
		return noArea(area.Kind, name)
	case post.ofOperator():
		return fault.New(fault.Forbidden, "post", "staff.ofOperator", "post", string(post))
	case worker == by.worker:
		return fault.New(fault.Forbidden, "workerId", "staff.yourself")
	case slices.ContainsFunc(held, by.foreign):
		return fault.New(fault.Forbidden, "workerId", "staff.notYours")
	}
	return nil
}

// mayEnd refuses to end an assignment. NOT_FOUND at "id": it lies elsewhere; FORBIDDEN.
func (by appointer) mayEnd(a Assignment) error {
	switch {
	case !by.within(a.Area):
		return fault.New(fault.NotFound, "id", "staff.assignmentNotFound")
	case a.Post.ofOperator():
		return fault.New(fault.Forbidden, "id", "staff.ofOperator", "post", string(a.Post))
	case a.Worker.Key == by.worker:
		return fault.New(fault.Forbidden, "id", "staff.yourself")
	case by.standsIn(a):
		return fault.New(fault.Forbidden, "id", "staff.yourFirst")
	}
	return nil
}

// mayNoteAway refuses to say when a worker is away, who holds posts today or later: FORBIDDEN.
func (by appointer) mayNoteAway(worker key.Key, held []Assignment, field string) error {
	switch {
	case worker == by.worker:
		return fault.New(fault.Forbidden, field, "staff.yourself")
	case len(held) == 0:
		return fault.New(fault.Forbidden, field, "staff.holdsNone")
	case slices.ContainsFunc(held, by.foreign):
		return fault.New(fault.Forbidden, field, "staff.notYours")
	case slices.ContainsFunc(held, by.standsIn):
		return fault.New(fault.Forbidden, field, "staff.yourFirst")
	}
	return nil
}

// foreign reports whether an assignment is not the appointer's to give.
func (by appointer) foreign(a Assignment) bool { return a.Post.ofOperator() || !by.within(a.Area) }

// standsIn reports whether the appointer is a stand-in for a's post, or will be: who stands in is given what a first holder leaves.
func (by appointer) standsIn(a Assignment) bool {
	return slices.ContainsFunc(by.holds, func(own Assignment) bool { return own.Cover == CoverB && own.Post == a.Post && own.Area == a.Area })
}

// appointer is who asks, with what is to be known to judge of areas and of a worker, whose posts of today or later are returned with it. It is for who is no
// operator: nil for operators, who may do all.
func (s *Service) appointer(ctx context.Context, actor account.Actor, worker key.Key, areas ...Area) (by *appointer, held []Assignment, err error) {
	if err := actor.Require(account.Appoint); err != nil || actor.Role == account.Operator {
		return nil, nil, err
	}
	if actor.Role == account.Staff && actor.Worker == uuid.Nil { // nobody can tell what is their own
		return nil, nil, fault.New(fault.Forbidden, "", "beyond")
	}
	self := key.Key{Home: worker.Home, ID: actor.Worker} // posts that both hold are of one district
	posts, err := s.Store.AssignmentsOf(ctx, actor, []key.Key{worker, self}, s.Day(nil))
	if err != nil {
		return nil, nil, err
	}
	held = ofWorker(posts, worker)
	for _, a := range held {
		areas = append(areas, a.Area)
	}
	pieces, err := s.Store.LiesIn(ctx, actor, areas)
	reach := actor.Reach(account.Appoint)
	within := func(area Area) bool {
		lies := pieces[area.ID]
		return len(lies) > 0 && !slices.ContainsFunc(lies, func(a account.Area) bool { return !reach.Holds(a) })
	}
	return &appointer{self, ofWorker(posts, self), within}, held, err
}

// ofWorker are a worker's posts.
func ofWorker(posts map[uuid.UUID][]Assignment, k key.Key) []Assignment {
	return slices.DeleteFunc(slices.Clone(posts[k.ID]), func(a Assignment) bool { return a.Worker.Key != k })
}

// requireNotesAway refuses who may not say when a worker is away: FORBIDDEN at field.
func (s *Service) requireNotesAway(ctx context.Context, actor account.Actor, worker key.Key, field string) error {
	by, held, err := s.appointer(ctx, actor, worker)
	if err != nil || by == nil {
		return err
	}
	return by.mayNoteAway(worker, held, field)
}

func noArea(kind AreaKind, name string) error {
	return fault.New(fault.NotFound, "area", "staff.area", "kind", string(kind), "name", name)
}
