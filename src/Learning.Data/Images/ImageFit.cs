namespace GraphCompiler.Learning.Data;

/// <summary>What becomes of an image that has another size than is wanted. Where pixels get larger, each is an average of what it covers; where they get smaller, they lie between neighbours.</summary>
public enum ImageFit
{
    /// <summary>It is refused.</summary>
    Refuse,

    /// <summary>It is stretched or pressed into the size.</summary>
    Stretch,

    /// <summary>Its largest middle part of the wanted proportions is resized, and the rest cut off.</summary>
    Crop,
}
