/**
 * Beginnings of words that tell what is asked for, lower case; those of scripts without spaces stand anywhere. English,
 * German, French, Spanish, Portuguese, Italian, Dutch, Polish, Turkish, Russian, Arabic, Hindi, Chinese, Japanese, Korean.
 */
export interface Words {
  /** Thinking that goes wrong easily. */
  readonly deep: readonly string[];
  /** Work, but of the usual kind. */
  readonly work: readonly string[];
  /** What every model can do, however long the text is that it is done to. */
  readonly light: readonly string[];
  /** Conditions that the answer must meet. */
  readonly bounds: readonly string[];
  /** Points at a text beside the question. */
  readonly pointing: readonly string[];
  /** Says to go on, or yes. */
  readonly onward: readonly string[];
}

export const words: Words = {
  deep: list(`
    prove proof theorem lemma deriv axiom conjectur rigorous formal invariant induction
    architect design distribut consensus concurren deadlock race-condition linearizab fault-toler scalab
    optimi trade-off tradeoff complexity asymptot algorithm np-hard
    analys analyz investigat diagnos root-cause reverse-engineer threat vulnerab exploit
    compar contrast evaluat critiqu assess reconcil justif synthes hypothes counterexample
    strateg refactor migrat roadmap forecast simulat differential integral eigen probabilit bayes
    beweis herleit architekt entwirf entwerf nebenläufig verteilt abwäg bewert begründ vergleich untersuch ursache
    démontr prouv concev conceptio concurrenc compromis évalu justifi compare
    demuestr demostr diseñ concurrencia compensacion evalúa justific
    demonstr provar projet arquitet avali compare
    dimostr progett valut confront
    bewijs ontwerp vergelijk onderzoek
    udowodn zaprojekt porówn przeanaliz uzasadn
    kanıtla tasarla karşılaştır değerlendir
    докаж доказ выведи спроектир архитектур сравн проанализ обоснуй оптимиз уязвим конкурентн
    أثبت برهن صمم قارن حلل
    सिद्ध विश्लेषण तुलना डिज़ाइन
    证明 推导 设计 架构 并发 分布式 权衡 分析 比较 优化 评估 复杂度 根本原因 算法
    証明 導出 設計 アーキテクチャ 並行 分散 分析 比較 最適化 評価 根本原因 アルゴリズム
    증명 유도 설계 아키텍처 동시성 분산 분석 비교 최적화 평가 알고리즘
  `),
  work: list(`
    write implement build creat develop debug fix bug solv why explain plan review test deploy configur
    calculat comput estimat generat draft function class script query schema regex sql api crash error fail leak
    schreib implementier erstell entwickl behebe lös warum erklär plane prüf berechn fehler
    écri implément crée développ corrig résou pourquoi expliqu planifi vérifi calcul erreur
    escrib implement crea desarroll corrig resuelv por-qué explic planific calcul
    escrev desenvolv corrij resolv explique planeje calcule
    scriv svilupp corregg risolv perché spiega pianific calcol
    schrijf ontwikkel waarom leg-uit bereken
    napisz zaimplementuj stwórz napraw rozwiąż dlaczego wyjaśnij oblicz
    yaz geliştir düzelt çöz neden açıkla hesapla
    напиш реализу созда разработ исправ реши почему объясн спланир вычисл ошибк
    اكتب طور أصلح حل لماذا اشرح احسب
    लिखो लिखें बनाओ ठीक क्यों समझाओ गणना
    编写 实现 创建 开发 调试 修复 解决 为什么 解释 计划 审查 计算 错误 函数
    書いて 実装 作成 開発 デバッグ 修正 解決 なぜ 説明 計画 レビュー 計算 エラー 関数
    작성 구현 만들 개발 디버그 수정 해결 왜 설명 계획 검토 계산 오류 함수
  `),
  light: list(`
    translat summar tldr tl;dr shorten rephras paraphras proofread typo grammar spell spelling uppercase lowercase
    format reformat count extract title headline language synonym define definition capital weather hello hi hey thanks
    thank
    übersetz fass-zusammen zusammenfass kürz rechtschreib tippfehler zähl hauptstadt wetter hallo danke
    tradui résum raccourci orthograph compte capitale météo bonjour salut merci
    traduc tradúc resum acorta ortograf cuenta capital tiempo hola gracias
    traduz resum ortograf conta olá oi obrigad
    traduc riassum riassunt accorcia ortografi conta ciao grazie
    vertaal samenvat spelling tel hoofdstad hallo bedankt
    przetłumacz podsumuj streść policz cześć dziękuj
    çevir özetle say merhaba teşekkür
    перевед перескаж резюмир кратко сократи орфограф посчитай столица погода привет спасибо
    ترجم لخص عد عاصمة مرحبا شكرا
    अनुवाद सारांश राजधानी नमस्ते धन्यवाद
    翻译 总结 摘要 概括 缩短 错别字 首都 天气 你好 谢谢
    翻訳 要約 まとめて 短く 誤字 首都 天気 こんにちは ありがとう
    번역 요약 줄여 맞춤법 수도 날씨 안녕 감사
  `),
  bounds: list(`
    must should without only exactly at-most at-least unless guarantee ensure never always constraint requirement
    backward
    muss müssen soll ohne nur genau höchstens mindestens niemals immer
    doit doivent sans seulement exactement jamais toujours
    debe deben sin sólo exactamente nunca siempre
    deve devem sem somente exatamente sempre
    должен должн без только ровно никогда всегда
    必须 不得 只能 至少 最多 保证 确保
    必ず なければ 以上 以下 保証
    반드시 이상 이하 보장
  `),
  pointing: list(`
    this these following below above text article email log document transcript attached here
    dies diese folgend unten oben artikel ce cet cette suivant ci-dessous este esta siguiente abajo seguinte questo seguente
    deze volgende poniższ bu aşağıdaki этот это эту следующ ниже هذا هذه التالي यह निम्न
    这 以下 下面 上面 本文 この これ 以下 次の 이 다음 아래
  `),
  onward: list(`
    yes yeah ok okay sure continue go-on go-ahead proceed do-it again next please
    ja weiter mach oui continu vas-y sí continúa sigue sim continua avanti tak dalej evet devam
    да продолж дальше давай نعم تابع हाँ जारी 继续 好的 是的 続けて はい 계속 네
  `),
};

function list(text: string): readonly string[] {
  return [...new Set(text.trim().split(/\s+/))];
}
