package staff

import "wangge/domain/account"

// helps is what whoever has to do with households in the line of duty sees.
var helps = account.SetOf(account.Households, account.Residents)

// rights are what a post gives in its area to who holds it, and to the stand-in while the holder is away. Neighbours who lend a hand
// (residents' group, cluster, building and unit leaders, lead householders, informants, volunteers) see what everybody sees: the file of
// a neighbour is not for neighbours. Who sets the platform up opens no file.
var rights = map[Post]account.Set{
	ChiefLeader: helps | account.SetOf(account.Reveal, account.Care, account.Restricted, account.Appoint, account.Arrange),
	StationHead: helps | account.SetOf(account.Reveal, account.Keep, account.Care, account.Appoint),
	GridLeader:  helps | account.SetOf(account.Reveal, account.Care),
	GridWorker:  helps | account.SetOf(account.Reveal, account.Keep, account.Care),

	SectionLeader: helps,
	Assistant:     helps,
	CounterStaff:  helps | account.SetOf(account.Reveal, account.Keep),

	PlatformAdmin: account.SetOf(account.Appoint, account.Arrange),
}

// Rights are what the post gives in its area.
func (p Post) Rights() account.Set { return rights[p] }
