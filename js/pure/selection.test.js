import assert from "node:assert/strict";
import { test } from "node:test";
import { boxes, count, EVERYTHING, isEverything, mask, toggle, withBox } from "./selection.js";

const [ROWS, COLUMNS] = [9, 14];
const cellsOf = (selection) => {
  const chosen = mask(selection, ROWS, COLUMNS);
  return [...chosen.keys()].filter((i) => chosen[i] === 1).map((i) => [Math.floor(i / COLUMNS), i % COLUMNS]);
};

test("null in both is every neuron, empty lists are none", () => {
  assert.equal(count(mask(EVERYTHING, ROWS, COLUMNS)), 126);
  assert.equal(count(mask({ neurons: [], region: null }, ROWS, COLUMNS)), 0);
  assert.equal(count(mask({ neurons: null, region: [] }, ROWS, COLUMNS)), 0);
  assert.ok(isEverything(EVERYTHING) && !isEverything({ neurons: [], region: null }));
});

test("a box holds its corners' rows and columns, those and no others", () => {
  const selection = {
    neurons: null,
    region: [
      [
        [6, 9],
        [2, 4],
      ],
    ],
  };
  const expected = [];
  for (let row = 2; row <= 6; row++) for (let column = 4; column <= 9; column++) expected.push([row, column]);
  assert.deepEqual(cellsOf(selection), expected);
});

test("boxes and neurons together are the union: overlaps count once", () => {
  const region = [
    [
      [0, 0],
      [1, 2],
    ], // 6
    [
      [1, 2],
      [2, 4],
    ], // 6, one of them shared
  ];
  const neurons = [
    [1, 1],
    [8, 13],
  ]; // the first is in a box already
  assert.equal(count(mask({ neurons, region }, ROWS, COLUMNS)), 12);
});

test("the paper's pair of corners is a box, and what lies outside the grid is left out", () => {
  assert.deepEqual(
    boxes([
      [0, 10],
      [12, 12],
    ]),
    [
      [
        [0, 10],
        [12, 12],
      ],
    ],
  );
  assert.equal(
    count(
      mask(
        {
          neurons: [
            [9, 0],
            [-1, 3],
          ],
          region: [
            [0, 10],
            [12, 12],
          ],
        },
        ROWS,
        COLUMNS,
      ),
    ),
    27,
  );
});

test("a plain box replaces the selection, an added one joins it", () => {
  const before = {
    neurons: [[0, 0]],
    region: [
      [
        [1, 1],
        [1, 1],
      ],
    ],
  };
  assert.deepEqual(
    withBox(
      before,
      [
        [5, 5],
        [4, 3],
      ],
      false,
    ),
    {
      neurons: null,
      region: [
        [
          [4, 3],
          [5, 5],
        ],
      ],
    },
  );
  const added = withBox(
    before,
    [
      [5, 5],
      [4, 3],
    ],
    true,
  );
  assert.equal(count(mask(added, ROWS, COLUMNS)), 1 + 1 + 6);
  assert.equal(before.region.length, 1, "the argument is left alone");
});

test("from all, the first neuron is chosen alone; the last one taken out gives all", () => {
  const one = toggle(EVERYTHING, [3, 5]);
  assert.deepEqual(one, { neurons: [[3, 5]], region: null });
  assert.deepEqual(toggle(one, [3, 5]), EVERYTHING);
});

const SELECTIONS = [
  {
    neurons: [
      [0, 0],
      [8, 13],
    ],
    region: null,
  },
  {
    neurons: null,
    region: [
      [
        [2, 3],
        [6, 9],
      ],
    ],
  },
  {
    neurons: [
      [4, 4],
      [0, 13],
    ],
    region: [
      [
        [2, 3],
        [6, 9],
      ],
      [
        [5, 8],
        [8, 12],
      ],
    ],
  },
  {
    neurons: null,
    region: [
      [
        [0, 0],
        [8, 13],
      ],
    ],
  },
];

for (const [i, selection] of SELECTIONS.entries()) {
  test(`toggling changes that neuron and no other (selection ${i})`, () => {
    const before = mask(selection, ROWS, COLUMNS);
    for (let place = 0; place < before.length; place++) {
      const after = mask(toggle(selection, [Math.floor(place / COLUMNS), place % COLUMNS]), ROWS, COLUMNS);
      for (let other = 0; other < before.length; other++) {
        assert.equal(after[other], other === place ? 1 - before[other] : before[other]);
      }
    }
  });

  test(`toggling twice gives the same neurons (selection ${i})`, () => {
    for (const neuron of [
      [4, 4],
      [0, 0],
      [6, 9],
      [7, 1],
    ]) {
      assert.deepEqual(cellsOf(toggle(toggle(selection, neuron), neuron)), cellsOf(selection));
    }
  });
}

test("a box loses a neuron by being cut into the four boxes around it", () => {
  const { region } = toggle(
    {
      neurons: null,
      region: [
        [
          [2, 3],
          [6, 9],
        ],
      ],
    },
    [4, 5],
  );
  assert.deepEqual(region, [
    [
      [2, 3],
      [3, 9],
    ],
    [
      [4, 3],
      [4, 4],
    ],
    [
      [4, 6],
      [4, 9],
    ],
    [
      [5, 3],
      [6, 9],
    ],
  ]);
});
