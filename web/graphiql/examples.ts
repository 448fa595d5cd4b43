// The tabs a newcomer finds. They name fields of the public contract only; a test reads them against the schema.
export const examples = [
  {
    query: `# Whose grid is this spot in, and whom to call?
# The spot is in the demo town; put in your own. crs says which
# system it is measured in: there is no default.
query WhereAmI {
  gridAt(point: { lng: 120.15, lat: 31.2, crs: WGS84, accuracyM: 20 }) {
    rule
    needsConfirmation
    boundaryDistanceM
    grid {
      code
      name
      group { name }
      worker { name workPhone }
    }
    candidates { probability distanceM grid { code name } }
    division { code name }
  }
}
`,
  },
  {
    query: `# From the top of the tree to the buildings of a grid, in one request.
query Tree {
  rootDivisions {
    code
    name
    level
    children {
      code
      name
      grids(first: 5) {
        totalCount
        nodes {
          code
          name
          areaM2
          buildings(first: 3) {
            totalCount
            nodes { name address floors }
          }
        }
      }
    }
  }
}
`,
  },
  {
    query: `# A page of grids with their neighbours and who is in office. The next page: after: "the endCursor".
query Grids {
  grids(first: 20, orderBy: CODE) {
    totalCount
    nodes {
      code
      name
      kind
      neighbours { sharedM grid { code } }
      assignments { post cover away worker { name } }
    }
    pageInfo { hasNextPage endCursor }
  }
}
`,
  },
  {
    query: `# Which tiles of the map change, as it happens: first the version of the data, then each change.
subscription Tiles {
  tilesChanged(layers: ["grids", "grid_labels"]) {
    version
    everything
    layers
    extents
    tiles(minZoom: 14, maxZoom: 16) { z x y }
  }
}
`,
  },
];
