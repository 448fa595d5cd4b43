package graph

import (
	"context"
	"strings"

	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"wangge/domain/account"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/graph/node"
)

// externalRefs loads the numbers that other systems know nodes by.
func externalRefs[N holder](ctx context.Context, p *plan, nodes []N, of func(N) key.Key, f field) error {
	found, err := p.Places.ExternalRefs(ctx, p.actor, distinct(nodes, of))
	if err != nil {
		return err
	}
	for _, n := range nodes {
		n.Put(f.Alias, found[of(n).ID])
	}
	return nil
}

// entityOrder is the order of legal entities, as cursors name it.
const entityOrder = "NAME"

func (p *plan) entitiesOfBuildings(ctx context.Context, nodes []*node.Building, f field) error {
	return entitiesOf(ctx, p, nodes, func(b *node.Building) uuid.UUID { return b.Key.ID }, place.EntityQuery{Buildings: distinct(nodes, buildingKey)}, f)
}

func (p *plan) entitiesOfDivisions(ctx context.Context, nodes []*node.Division, f field) error {
	return entitiesOf(ctx, p, nodes, divisionID, place.EntityQuery{Divisions: distinct(nodes, divisionID)}, f)
}

// entitiesOf loads a page of the legal entities of each node.
func entitiesOf[N holder](ctx context.Context, p *plan, nodes []N, id func(N) uuid.UUID, q place.EntityQuery, f field) error {
	var err error
	if q.Args, err = p.pageOf(ctx, f, entityOrder); err != nil {
		return err
	}
	q.Count = p.asks(f.Selections, "LegalEntityConnection", "totalCount")
	pages, err := p.Places.EntitiesOf(ctx, p.actor, q)
	if err != nil {
		return err
	}
	return putLists(ctx, listing[place.LegalEntity, node.LegalEntity, *node.LegalEntityConnection, *node.LegalEntityEdge]{
		plan:       p,
		typeName:   "LegalEntity",
		connection: func() *node.LegalEntityConnection { return &node.LegalEntityConnection{} },
		edge:       func() *node.LegalEntityEdge { return &node.LegalEntityEdge{} },
		node:       func(row place.LegalEntity) *node.LegalEntity { return &node.LegalEntity{LegalEntity: row} },
		load:       p.entities,
	}, nodes, id, pages, f)
}

func (p *plan) entities(ctx context.Context, nodes []*node.LegalEntity, sel ast.SelectionSet) error {
	return each(ctx, p, nodes, sel, "LegalEntity", func(ctx context.Context, nodes []*node.LegalEntity, f field) error {
		switch f.Name {
		case "building":
			return oneBuilding(ctx, p, nodes, func(e *node.LegalEntity) key.Key { return keyIn(e.Key.Home, e.BuildingID) }, f)
		case "externalRefs":
			return externalRefs(ctx, p, nodes, func(e *node.LegalEntity) key.Key { return e.Key }, f)
		}
		return nil // in the node already
	})
}

func (r *Resolver) byExternalRef(ctx context.Context, system, code string) ([]*node.ExternalRefOwner, error) {
	found, err := r.Places.OwnersOf(ctx, account.FromContext(ctx), place.ExternalRef{System: system, Code: code})
	if err != nil {
		return nil, err
	}
	out := make([]*node.ExternalRefOwner, len(found))
	for i, o := range found {
		out[i] = refOwner(o)
	}
	return out, nil
}

func (r *Resolver) setExternalRef(ctx context.Context, in node.SetExternalRefInput) (*node.SetExternalRefPayload, error) {
	actor := account.FromContext(ctx)
	owner, err := r.Places.SetExternalRef(ctx, actor, in.ID, place.ExternalRef{System: in.System, Code: orEmpty(in.Code)})
	if err != nil {
		return nil, within("input", err)
	}
	refs, err := r.Places.ExternalRefs(ctx, actor, []key.Key{owner.Key})
	if err != nil {
		return nil, err
	}
	payload := &node.SetExternalRefPayload{Owner: refOwner(owner)}
	for _, ref := range refs[owner.Key.ID] {
		payload.ExternalRefs = append(payload.ExternalRefs, &ref)
	}
	return payload, nil
}

// refOwner is o with its id as the API gives it: a division's names no district.
func refOwner(o place.RefOwner) *node.ExternalRefOwner {
	out := &node.ExternalRefOwner{Kind: node.RefOwnerKind(strings.ToUpper(o.Kind)), ID: o.Key.String()}
	if o.Kind == "division" {
		out.ID = o.Key.ID.String()
	}
	return out
}
