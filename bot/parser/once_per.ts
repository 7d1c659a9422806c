/** What is made of an object, made once for each and gone with it. */
export function oncePer<Of extends object, Made extends object>(make: (of: Of) => Made): (of: Of) => Made {
  const kept = new WeakMap<Of, Made>();
  return (of) => {
    const known = kept.get(of);
    if (known) return known;
    const made = make(of);
    kept.set(of, made);
    return made;
  };
}
