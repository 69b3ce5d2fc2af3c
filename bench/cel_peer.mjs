// Times the evaluation of rules by a CEL library for JavaScript: node cel_peer.mjs FOLDER INPUT, where
// FOLDER has its node_modules. INPUT is {iterations, vars, rules: [{name, rule, params}]}; numbers are
// tagged, {"$int": "5"} and {"$double": 5}. Prints {peer: {rule: ns}}; what a peer cannot parse or
// evaluate, such as functions of ours, is left out.
import fs from 'node:fs';
import {createRequire} from 'node:module';
import {pathToFileURL} from 'node:url';

const [folder, input] = process.argv.slice(2);
const {iterations, vars, rules} = JSON.parse(fs.readFileSync(input, 'utf8'));
const require = createRequire(pathToFileURL(folder + '/'));

// Variables as both libraries take them: int is BigInt, double is number.
function untag(value) {
  if (Array.isArray(value)) return value.map(untag);
  if (value === null || typeof value !== 'object') return value;
  if ('$int' in value) return BigInt(value.$int);
  if ('$double' in value) return value.$double;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, untag(member)]));
}

const peers = {
  '@marcbachmann/cel-js': (library, rule) => {
    const program = new library.Environment({unlistedVariablesAreDyn: true}).parse(rule);
    return (table) => program(table);
  },
  '@bufbuild/cel': (library, rule) => {
    const program = library.plan(library.celEnv(), library.parse(rule));
    return (table) => {
      const result = program(table);
      if (library.isCelError(result)) throw result;
      return result;
    };
  },
};

function time(evaluate, table) {
  for (let i = 0; i < iterations / 10; ++i)
    if (typeof evaluate(table) !== 'boolean') throw new Error('no boolean');
  const start = process.hrtime.bigint();
  for (let i = 0; i < iterations; ++i) evaluate(table);
  return Number(process.hrtime.bigint() - start) / iterations;
}

const found = {};
for (const [name, compile] of Object.entries(peers)) {
  let library;
  try {
    library = await import(pathToFileURL(require.resolve(name)));
  } catch {
    continue;
  }
  found[name] = {};
  for (const {name: rule, rule: text, params} of rules) {
    try {
      const table = {...untag(vars), params: untag(params)};
      found[name][rule] = time(compile(library, text), table);
    } catch {
      // Not of its language.
    }
  }
}
console.log(JSON.stringify(found));
