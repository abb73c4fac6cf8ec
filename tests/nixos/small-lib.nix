# As much of nixpkgs' lib as the module needs to be evaluated where nixpkgs is not at hand: conditions, priorities and merging
# are real, types are taken on trust. With nixpkgs' own lib the same cases run in full (NIXPKGS_LIB).
let
  lib = rec {
    # Lists, texts and sets --------------------------------------------------------------------------------------------
    inherit (builtins) all any concatMap genList listToAttrs mapAttrs replaceStrings;
    concatStringsSep = builtins.concatStringsSep;
    last = list: builtins.elemAt list (builtins.length list - 1);
    optional = condition: value: if condition then [ value ] else [ ];
    optionals = condition: values: if condition then values else [ ];
    optionalAttrs = condition: attrs: if condition then attrs else { };
    genAttrs = names: make: listToAttrs (map (name: nameValuePair name (make name)) names);
    nameValuePair = name: value: { inherit name value; };
    mapAttrs' = make: attrs: listToAttrs (map (name: make name attrs.${name}) (builtins.attrNames attrs));
    filterAttrs = holds: attrs: removeAttrs attrs (builtins.filter (name: !(holds name attrs.${name})) (builtins.attrNames attrs));
    hasPrefix = prefix: text: builtins.substring 0 (builtins.stringLength prefix) text == prefix;
    hasInfix = part: text: builtins.length (builtins.split (escape part) text) > 1;
    escape = replaceStrings [ "." "/" ":" ] [ "\\." "/" ":" ];
    splitString = mark: text: builtins.filter builtins.isString (builtins.split mark text);
    toUpper = replaceStrings letters capitals;
    letters = [ "a" "b" "c" "d" "e" "f" "g" "h" "i" "j" "k" "l" "m" "n" "o" "p" "q" "r" "s" "t" "u" "v" "w" "x" "y" "z" ];
    capitals = [ "A" "B" "C" "D" "E" "F" "G" "H" "I" "J" "K" "L" "M" "N" "O" "P" "Q" "R" "S" "T" "U" "V" "W" "X" "Y" "Z" ];
    boolToString = value: if value then "true" else "false";
    mod = number: by: number - (number / by) * by;
    importJSON = path: builtins.fromJSON (builtins.readFile path);
    literalExpression = text: text;

    # Definitions ------------------------------------------------------------------------------------------------------
    mkIf = condition: content: { _type = "if"; inherit condition content; };
    mkMerge = contents: { _type = "merge"; inherit contents; };
    mkOverride = priority: content: { _type = "override"; inherit priority content; };
    mkDefault = mkOverride 1000;
    mkForce = mkOverride 50;
    mkOption = option: { _type = "option"; } // option;
    mkEnableOption = what: mkOption { type = types.bool; default = false; description = "Whether to enable ${what}."; };

    # What a definition comes to, once its conditions are decided.
    decided = value:
      if !(builtins.isAttrs value) then [ value ]
      else if value._type or "" == "if" then optionals value.condition (decided value.content)
      else if value._type or "" == "merge" then concatMap decided value.contents
      else [ value ];

    # What is said of a name. A condition goes along undecided: it may ask for what is defined beside it.
    at = name: concatMap (said name);
    said = name: value:
      if value._type or "" == "if" then map (mkIf value.condition) (said name value.content)
      else if value._type or "" == "merge" then at name value.contents
      else optional (value ? ${name}) value.${name};

    # The definitions that count: those of the strongest priority, which is the smallest number.
    strongest = undecided:
      let
        definitions = concatMap decided undecided;
        priority = each: if builtins.isAttrs each && each._type or "" == "override" then each.priority else 100;
        content = each: if builtins.isAttrs each && each._type or "" == "override" then each.content else each;
        least = builtins.foldl' (found: each: if priority each < found then priority each else found) 9999 definitions;
      in
      map content (builtins.filter (each: priority each == least) definitions);

    # Types, as ways to merge ------------------------------------------------------------------------------------------
    types =
      let
        one = { merge = definitions: last definitions; };
        names = definitions: builtins.attrNames (builtins.foldl' (found: each: found // each) { } definitions);
      in
      {
        inherit one;
        str = one;
        bool = one;
        int = one;
        number = one;
        path = one;
        package = one;
        anything = one;
        ints.between = _: _: one;
        enum = _: one;
        nullOr = type: type;
        functionTo = _: one;
        lines.merge = concatStringsSep "\n";
        listOf = _: { merge = builtins.concatLists; };
        attrsOf = type: {
          merge = definitions: listToAttrs (map (name: nameValuePair name (type.merge (strongest (at name definitions)))) (names definitions));
        };
        submodule = { options }: { merge = valuesOf options; };
      };

    # Modules ----------------------------------------------------------------------------------------------------------
    valuesOf = options: definitions: mapAttrs
      (name: option:
        let found = strongest (at name definitions); in
        if option._type or "" != "option" then valuesOf option (at name definitions)
        else if found == [ ] then option.default
        else option.type.merge found)
      options;

    joined = left: right: left // mapAttrs
      (name: value: if left ? ${name} && left.${name}._type or "" != "option" then joined left.${name} value else value)
      right;

    evalModules = { modules, specialArgs }:
      let
        config = valuesOf options definitions;
        called = map (each: if builtins.isPath each then (import each) (specialArgs // { inherit config lib; }) else each) modules;
        options = builtins.foldl' joined { } (map (each: each.options or { }) called);
        definitions = map (each: each.config or (removeAttrs each [ "options" "imports" ])) called;
      in
      { inherit config options; };
  };
in
lib
